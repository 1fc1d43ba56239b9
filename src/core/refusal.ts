/**
 * Every refusal we give a person, with the code that support, docs and tests refer to.
 * Codes are never renamed or reused. Messages hold no patient data and no secrets.
 */
export const REFUSALS = {
  'usage/unknown-verb': { exit: 2, hint: 'Run “wardwatch --help” for the list of verbs.' },
  'usage/bad-option': { exit: 2, hint: 'Run the verb with --help for its options and examples.' },
  'usage/no-path': { exit: 2, hint: 'Name at least one file or folder.' },
  'input/not-found': { exit: 2, hint: 'Check the path; quote it if it holds spaces.' },
  'input/not-readable': { exit: 2, hint: 'Check that your account may read it.' },
  'rules/not-found': { exit: 2, hint: 'Give a folder that holds Sigma rules (*.yml).' },
  'mapping/invalid': { exit: 2, hint: 'See docs/formats.md for the mapping file.' },
  'output/not-writable': { exit: 2, hint: 'Choose a folder that exists and that your account may write to.' },
  'store/busy': { exit: 4, hint: 'Send again a little later: events arrive faster than the disk takes them.' },
  'store/disk-full': {
    exit: 4,
    hint: 'Free space on the disk of the data folder; nothing that was acknowledged is lost.',
  },
  'store/write-failed': {
    exit: 4,
    hint: 'Look at the disk of the data folder; nothing that was acknowledged is lost.',
  },
  'store/damaged': { exit: 4, hint: 'Keep the file as it is, and restore the data folder from a backup.' },
  'state/bad-address': {
    exit: 2,
    hint: 'Leave it out for SQLite, or write postgres://user:password@host:port/database.',
  },
  'state/unreachable': {
    exit: 4,
    hint: 'Check that the server runs and that the user, password and database are right.',
  },
  'state/newer-schema': { exit: 2, hint: 'Install the release that made it, or a later one, or restore a backup.' },
  'state/changed-migration': { exit: 2, hint: 'Install the release as it was published, or restore a backup.' },
} as const satisfies Record<string, { exit: number; hint: string }>;

export type RefusalCode = keyof typeof REFUSALS;

/** Not you, not now, not like this: an answer to a person, never a bug. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: RefusalCode;

  /** @param message what was refused, to which thing: "cannot read C:\logs: it does not exist" */
  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
