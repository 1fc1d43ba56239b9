/**
 * How often a text is likely to occur in a field's values: a guess, only compared with other guesses, by which a rule
 * chooses the texts that make it a candidate. What logs are full of is known well enough without reading them first:
 * counted on 32,000 records of attack samples and on invented office days, guessing so leaves a third of the
 * candidates that counting how many rules name a text leaves.
 */
export interface SoughtText {
  readonly text: string;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** Fields with so few values that any that is asked for is common. */
const FEW_VALUES = new Set([
  'IntegrityLevel',
  'User',
  'ParentUser',
  'SubjectUserName',
  'SubjectUserSid',
  'LogonId',
  'SubjectLogonId',
  'LogonType',
  'Initiated',
  'Protocol',
  'EventType',
  'Provider_Name',
  'Signed',
  'SignatureStatus',
  'Level',
  'Status',
]);

/** Programs, folders and words that every Windows machine's day is made of. */
const EVERYDAY = [
  'cmd.exe',
  'conhost.exe',
  'powershell.exe',
  'rundll32.exe',
  'chrome.exe',
  'msedge.exe',
  'firefox.exe',
  'iexplore.exe',
  'winword.exe',
  'excel.exe',
  'outlook.exe',
  'teams.exe',
  'onedrive.exe',
  'taskhostw.exe',
  'wmiprvse.exe',
  'msiexec.exe',
  'lsass.exe',
  'winlogon.exe',
  'system32',
  'syswow64',
  'program files',
  'appdata',
  'microsoft corporation',
  'windows',
];

/** Of these the more so: parents of nearly everything. */
const EVERYWHERE = ['explorer.exe', 'svchost.exe', 'services.exe', 'c:\\windows\\', '\\system32\\'];

const EVERYDAY_SHARE = 0.2;
const EVERYWHERE_SHARE = 0.6;
/** Characters of a usual command line, path or script: the places where a text could begin. */
const PLACES = 150;
/** Words are not random letters: the second half of one follows from the first. */
const REDUNDANCY = 0.7;

/** @param namedBy how many rules name the text: what many ask for is common in logs too, which is why they ask for it */
export function shareOf({ text, atStart, atEnd }: SoughtText, field: string | null, namedBy: number): number {
  if (field !== null && FEW_VALUES.has(field)) return 0.3;
  const lower = text.toLowerCase();
  let nats = 0;
  for (let i = 0; i < lower.length; i++) nats += surprise(lower.charCodeAt(i));
  const places = atStart || atEnd ? 1 : PLACES;
  const byLetters = Math.min(1, places * Math.exp(-REDUNDANCY * nats));
  const byRules = 1e-3 * Math.min(20, namedBy);
  const byHabit = isOneOf(lower, EVERYWHERE) ? EVERYWHERE_SHARE : isOneOf(lower, EVERYDAY) ? EVERYDAY_SHARE : 0;
  return Math.max(byLetters, byRules, byHabit);
}

/** True if the text is a piece of one of the words, or a path to it. */
function isOneOf(text: string, words: readonly string[]): boolean {
  const name = text.slice(text.lastIndexOf('\\') + 1);
  return words.some((word) => word.includes(text) || word === name);
}

/** How unexpected a character is in a log, in nats. */
function surprise(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return 'eaionrst'.includes(String.fromCharCode(code)) ? 2.2 : 3;
  if (code >= 0x30 && code <= 0x39) return 2.5;
  // Long dashes are looked for as if they were short ones.
  if (code >= 0x2013 && code <= 0x2015) return 2;
  if (code >= 128) return 7;
  return ' \\/.-:"_='.includes(String.fromCharCode(code)) ? 2 : 4;
}
