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

const IN_WORDS: Readonly<Record<Role, string>> = {
  admin: 'administrators',
  analyst: 'analysts',
  partner: 'partners',
  privacy: 'privacy officers',
  board: 'the board',
  staff: 'staff',
};

/** `analysts, partners and privacy officers`: for a person; of no role at all, `those without a role`. */
export function inWords(roles: readonly Role[]): string {
  const words = roles.map((role) => IN_WORDS[role]);
  const last = words.pop();
  if (last === undefined) return 'those without a role';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}
