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
  'rules/unknown': {
    exit: 2,
    hint: 'Look for it in the list of rules: “rules list” prints ids and titles; of rules that are not ours name the folder too.',
  },
  'mapping/invalid': {
    exit: 2,
    hint: 'See docs/formats.md for mapping files of logs, docs/record-access.md for those of record exports.',
  },
  'records/exists': { exit: 2, hint: 'Move it away, or name another folder: nothing is written over.' },
  'records/bad-table': { exit: 2, hint: 'The CSV forms, with their columns, are in docs/record-access.md.' },
  'records/nhs-number': {
    exit: 2,
    hint: 'The folder must hold keys, not NHS numbers: replace them before export, or use --pseudonymise.',
  },
  'records/not-found': { exit: 2, hint: 'Check the spelling: keys are compared exactly.' },
  'records/no-such-case': { exit: 2, hint: 'Look for it in the list of record cases.' },
  'records/busy': { exit: 4, hint: 'Ask again in a few minutes: the records are being read.' },
  'records/review-running': { exit: 2, hint: 'Wait for it: the page of records says how it stands.' },
  'notices/invalid': { exit: 2, hint: 'See docs/notices.md for the file.' },
  'reports/not-found': { exit: 2, hint: 'Look for it in the list of reports.' },
  'reports/too-many': { exit: 2, hint: 'Ring the IT desk, or report again tomorrow.' },
  'reports/closed': { exit: 2, hint: 'Report again, and say its reference.' },
  'reports/file-too-large': { exit: 2, hint: 'Keep the file, and say in your words where it is.' },
  'reports/has-file': { exit: 2, hint: 'Report again for another file.' },
  'reports/has-incident': { exit: 2, hint: 'Look at the incident that it belongs to.' },
  'reports/nobody': {
    exit: 2,
    hint: 'Speak to your manager, or to the Freedom to Speak Up guardian, if your organisation has one.',
  },
  'reports/no-file': { exit: 2, hint: 'Nothing was sent with it.' },
  'local-rules/not-found': { exit: 2, hint: 'Look for it among the rules; somebody may have switched it off.' },
  'local-rules/too-many': { exit: 2, hint: 'Switch one off that nobody needs any more.' },
  'local-rules/not-a-rule': { exit: 2, hint: 'Say what an event must have: a program, a machine, a word.' },
  'local-rules/too-large': { exit: 2, hint: 'Make two rules of it, or ask for less.' },
  'local-rules/too-noisy': { exit: 2, hint: 'Narrow the search first: more than that nobody reads.' },
  'hunts/not-yours': { exit: 2, hint: 'Ask whoever saved it, or an administrator.' },
  'hunts/not-found': { exit: 2, hint: 'Look for it among the saved searches; somebody may have taken it away.' },
  'hunts/too-many': { exit: 2, hint: 'Take one away that nobody asks any more.' },
  'drafts/not-found': { exit: 2, hint: 'The drafts of an incident are listed with it.' },
  'drafts/changed': {
    exit: 2,
    hint: 'Copy what you wrote, open the draft anew, and add it to what is there now.',
  },
  'drafts/letters': { exit: 2, hint: 'Ask the privacy officer: letters to patients are theirs.' },
  'drafts/reason-needed': { exit: 2, hint: 'Say why, in ten characters or more: it is recorded.' },
  'notices/fixed': { exit: 2, hint: 'Change the file and start the service again.' },
  'notices/password-needed': { exit: 2, hint: 'Type the password again.' },
  'board/changed': { exit: 2, hint: 'Load the page again, read it, and sign that.' },
  'incidents/not-found': { exit: 2, hint: 'Look for it in the list of incidents.' },
  'incidents/clock-runs': {
    exit: 2,
    hint: 'End each clock first, as done or as not needed with the reason; then close the incident.',
  },
  'incidents/not-now': { exit: 2, hint: 'Its page says what can be done with it now (`actions` in the API).' },
  'incidents/for-workers': {
    exit: 2,
    hint: 'Ask an analyst or your partner. Deadlines, steps and notes are yours as well.',
  },
  'incidents/changed': { exit: 2, hint: 'Look at it again: it is not any more as you saw it.' },
  'incidents/no-such-step': { exit: 2, hint: 'Playbooks and their steps are listed with the incident.' },
  'incidents/no-such-clock': { exit: 2, hint: 'The clocks of an incident are listed with it.' },
  'findings/not-found': { exit: 2, hint: 'Look for it in the incident that it belongs to.' },
  'setaside/not-found': { exit: 2, hint: 'Look for it in the list of what was set aside.' },
  'exceptions/too-wide': { exit: 2, hint: 'Name a host or an account; a rule is switched off in the rules.' },
  'exceptions/hides-attack': {
    exit: 2,
    hint: 'Look at it first. If it is normal all the same, say that you accept hiding it (acceptHiding), and why.',
  },
  'exceptions/not-for-canaries': { exit: 2, hint: 'Change “canaries:” in the site file.' },
  'exceptions/not-found': { exit: 2, hint: 'The list of what is normal says which hold.' },
  'backup/exists': { exit: 2, hint: 'Choose another name: no backup is written over another.' },
  'backup/not-empty': { exit: 2, hint: 'Choose a folder that is not there yet.' },
  'backup/wrong-passphrase': { exit: 2, hint: 'Check the passphrase file: what counts is its first line.' },
  'backup/no-space': { exit: 4, hint: 'Free some, or write the backup to another disk; nothing of it was left.' },
  'backup/of-damage': {
    exit: 4,
    hint: 'Take an older backup; or, to get all the rest of this one, restore it with --accept-damage.',
  },
  'backup/damaged': { exit: 4, hint: 'Take another backup; nothing of this one was put in place.' },
  'scope/no-incident': { exit: 2, hint: 'Look for it in the list of incidents.' },
  'scope/bad-previous': { exit: 2, hint: 'Give what “wardwatch scope … --format ndjson” printed before.' },
  'output/not-writable': { exit: 2, hint: 'Choose a folder that exists and that your account may write to.' },
  'sources/name-taken': { exit: 2, hint: 'Choose another name, or see “wardwatch sources list”.' },
  'sources/not-found': { exit: 2, hint: 'Look for it in the list of sources; one that was switched off stays so.' },
  'sources/bad-settings': { exit: 2, hint: 'See docs/sources.md for the file.' },
  'sources/bad-certificate': { exit: 2, hint: 'Give the certificate alone, as PEM (-----BEGIN CERTIFICATE-----).' },
  'sources/bad-address': { exit: 2, hint: 'Write networks as 10.1.0.0/16, separated by commas.' },
  'sign-in/wrong': { exit: 2, hint: 'Try again, or ask an administrator for a new link.' },
  'sign-in/wrong-code': {
    exit: 2,
    hint: 'Wait for the next six digits. If they never are right, check the phone’s clock.',
  },
  'sign-in/code-needed': { exit: 2, hint: 'Look them up in your authenticator app.' },
  'sign-in/locked': {
    exit: 2,
    hint: 'Wait 15 minutes, longer after each wrong try more. In a browser in which you have signed in before, strangers cannot keep you out. An administrator can unlock it sooner; on the machine itself, “npm start -- people link NAME” gives a new way in.',
  },
  'sign-in/too-many': { exit: 2, hint: 'Wait 15 minutes, or sign in from another machine.' },
  'sign-in/not-fresh': {
    exit: 2,
    hint: 'Sign out and in again, then do it: nobody who finds this page open is to make it theirs.',
  },
  'sign-in/busy': { exit: 4, hint: 'Try again in a few seconds.' },
  'sign-in/provider': { exit: 4, hint: 'Try again; if it stays so, show this to whoever runs the service.' },
  'sign-in/no-provider': { exit: 2, hint: 'Sign in with a password. The provider is set up with serve --oidc.' },
  'sign-in/ended': { exit: 2, hint: 'Ask an administrator: this account was ended.' },
  'scans/too-large': {
    exit: 2,
    hint: 'Drop it in parts; or have whoever runs the service read it on the machine itself (npm start -- scan FILE).',
  },
  'scans/broken-off': { exit: 4, hint: 'Drop it again.' },
  'scans/busy': { exit: 4, hint: 'Wait until one of them has been read.' },
  'scans/not-found': { exit: 2, hint: 'Drop the file again: reports are held for a while only.' },
  'simulation/failed': { exit: 4, hint: 'Try again; it needs about 500 MB of memory.' },
  'passkeys/no-site': {
    exit: 2,
    hint: 'Open the page by a name, such as https://localhost:8443 or https://wardwatch.example.nhs.uk.',
  },
  'passkeys/too-many': { exit: 2, hint: 'Remove one that you no longer use.' },
  'passkeys/refused': { exit: 2, hint: 'Sign in with your password, or try again.' },
  'oidc/invalid': { exit: 2, hint: 'See docs/running.md for the file.' },
  'people/bad-link': {
    exit: 2,
    hint: 'Ask an administrator for a new one; the first is printed when the service starts.',
  },
  'people/weak-password': {
    exit: 2,
    hint: 'Take three words that have nothing to do with each other, 12 characters or more.',
  },
  'people/bad-name': { exit: 2, hint: 'A name or a mail address does.' },
  'people/name-taken': { exit: 2, hint: 'Choose another, or make a new link for the account that there is.' },
  'people/no-role': { exit: 2, hint: 'Roles are admin, analyst, partner, privacy, board and staff.' },
  'people/not-found': { exit: 2, hint: 'Accounts are listed under People, or by “wardwatch people list”.' },
  'people/last-admin': { exit: 2, hint: 'Make somebody else an administrator first.' },
  'api/bad-request': { exit: 2, hint: 'The service’s OpenAPI document (openapi.json) says what can be asked.' },
  'service/failing': { exit: 4, hint: 'Look for alarms in the log of the service, and start it again.' },
  'serve/bad-address': { exit: 2, hint: 'Write it as 127.0.0.1:8443; port 0 picks a free one.' },
  'serve/needs-tls': { exit: 2, hint: 'Leave --plain-http out, or listen on 127.0.0.1 only.' },
  'serve/cannot-listen': { exit: 2, hint: 'Another program may have the port: choose another, or stop it.' },
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
  'store/closed': { exit: 4, hint: 'The service is stopping: ask again when it runs.' },
  'store/in-use': { exit: 2, hint: 'Stop the service first, or ask it through its API.' },
  'store/not-found': {
    exit: 2,
    hint: 'Give the data folder of a service with --data; “wardwatch serve” makes it when it is first started.',
  },
  'retention/would-delete': {
    exit: 2,
    hint: 'Look at what would go; if that is meant, say how many events may (acceptDeleting).',
  },
  'reveal/second-person': {
    exit: 2,
    hint: 'Ask for it (POST /api/v1/reveals, or on the page): it is shown to you once another privacy officer has agreed. Where there is no other, an administrator can let one be enough, under People.',
  },
  'reveal/too-few': { exit: 2, hint: 'Give a second person the privacy role first: else nobody could agree.' },
  'reveal/too-many': { exit: 2, hint: 'Ask another privacy officer to answer those that wait, or wait a day.' },
  'reveal/not-found': { exit: 2, hint: 'Your requests stand under Records.' },
  'reveal/own': { exit: 2, hint: 'Ask another privacy officer to look at it under Records.' },
  'reveal/not-waiting': { exit: 2, hint: 'Somebody has answered it, or a day is over: it can be asked for anew.' },
  'reveal/not-agreed': {
    exit: 2,
    hint: 'Ask another privacy officer to look at it under Records, or ask for it anew.',
  },
  'holds/not-found': { exit: 2, hint: 'The legal holds are listed under Health and storage.' },
  'holds/too-many': { exit: 2, hint: 'Release one that nobody needs any more, or make one hold of several.' },
  'holds/no-time': { exit: 2, hint: 'Say a later end, or none.' },
  'retention/below-minimum': {
    exit: 2,
    hint: 'Choose a longer time: the minimum is there to follow an intrusion back.',
  },
  'search/bad-request': { exit: 2, hint: 'See the search help for what can be asked.' },
  'search/bad-query': { exit: 2, hint: 'Write for example: host:dc1 process:*psexec* -user:svc_* last 7d' },
  'search/cancelled': { exit: 130, hint: 'Search again when you like.' },
  'search/too-slow': { exit: 4, hint: 'Ask for a shorter time, or for a host or account.' },
  'keys/missing': { exit: 2, hint: 'Name the folder of keys with --keys, or restore it from its escrow.' },
  'keys/given-missing': {
    exit: 2,
    hint: 'Start the service once: it finds out which pseudonyms were given before the keys were rotated.',
  },
  'keys/unknown': { exit: 4, hint: 'Put the key back from the escrow: without it this cannot be read by anybody.' },
  'keys/broken': { exit: 4, hint: 'Restore it from a backup: it is not what was sealed.' },
  'keys/exposed': { exit: 2, hint: 'Take the rights away (chmod 600), and rotate the key if others may have read it.' },
  'keys/inside-data': { exit: 2, hint: 'Choose a folder outside the data folder with --keys.' },
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
