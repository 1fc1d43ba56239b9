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
  'records/bad-table': { exit: 2, hint: 'The CSV forms, with their columns, are in docs/record-access.md.' },
  'records/nhs-number': {
    exit: 2,
    hint: 'The folder must hold keys, not NHS numbers: replace them before export, or use --pseudonymise.',
  },
  'records/not-found': { exit: 2, hint: 'Check the spelling: keys are compared exactly.' },
  'output/not-writable': { exit: 2, hint: 'Choose a folder that exists and that your account may write to.' },
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
