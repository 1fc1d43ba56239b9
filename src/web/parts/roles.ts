/** What each role lets somebody do, in their words. None implies another. */
export const ROLE_LABEL: Readonly<Record<string, string>> = {
  admin: 'Administrator: set up sources and people',
  analyst: 'Analyst: see and work on incidents, search events',
  partner: 'Partner: as an analyst, for a security firm that you retain',
  privacy: 'Privacy officer: review who opened which record',
  board: 'Board: see summaries',
  staff: 'Staff: report something odd',
};
