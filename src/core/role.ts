/**
 * Who may ask what. `admin` runs the service and sees no finding's contents; `analyst` and `partner` see findings and
 * events, pseudonymised; `privacy` reviews record accesses and may reveal; `board` sees summaries; `staff` may report.
 * None implies another.
 */
export const ROLES = ['admin', 'analyst', 'partner', 'privacy', 'board', 'staff'] as const;
export type Role = (typeof ROLES)[number];

/** The roles in a list of names; those that are not known are left out. */
export function rolesIn(names: readonly unknown[]): readonly Role[] {
  return ROLES.filter((role) => names.includes(role));
}
