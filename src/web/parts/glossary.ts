/**
 * Words that somebody who looks after a ward’s computers may not know, as they stand in rules, findings and on these
 * pages; each in a sentence for reading age 12. The program’s own words are those of docs/glossary.md.
 */
export const GLOSSARY: Readonly<Record<string, string>> = {
  'ATT&CK': 'A public list of the steps that attackers take, each with a number such as T1003, kept by MITRE.',
  'audit policy':
    'A Windows setting that says which kinds of events are written into its Security log. It is set by Group Policy, under Advanced Audit Policy Configuration.',
  BYOVD: 'Bring your own vulnerable driver: an attacker installs an old, faulty driver to switch protection off.',
  canary: 'A bait: an account, file or record that nobody has a reason to touch. Whoever does, is found.',
  'command line': 'What a program was started with: its name and what stood behind it.',
  correlation: 'A rule that fires when several things come together in a short time.',
  'domain controller': 'The server that knows every account of a Windows network and lets people sign in.',
  DSPT: 'The Data Security and Protection Toolkit: the yearly self-check of everybody who uses NHS patient data.',
  'early warning score':
    'A number from 0 to 20 for a machine or account, built like NEWS2: the more and the graver the signs, the higher.',
  EPR: 'Electronic patient record: the system that holds the records of patients.',
  escrow: 'A sealed copy of the keys, kept elsewhere, for the day when the machine is lost.',
  'Group Policy': 'How settings are given to all machines of a Windows network at once.',
  ICO: 'The Information Commissioner’s Office: who has to be told of a breach of personal data, within 72 hours.',
  LSASS: 'The part of Windows that holds the passwords of whoever has signed in. Attackers read its memory.',
  NIS: 'The law on the security of essential services, such as hospitals.',
  NTDS: 'The file in which a domain controller keeps every account and password.',
  passkey: 'A way to sign in by your finger, face or PIN, with a key that never leaves your device.',
  persistence: 'How an attacker stays: something that starts again by itself after the machine was switched off.',
  phishing: 'A mail or message that pretends to be from somebody else, to get a password or have a file opened.',
  PowerShell: 'The command language of Windows. Administrators use it daily, and so do attackers.',
  pseudonym: 'A code in place of a patient’s name or number. The same patient always has the same code.',
  ransomware: 'An attack that makes all files unreadable and asks for money.',
  SACL: 'A list on a file or registry key that says whose use of it is written into the log.',
  'second factor': 'Six digits from an app on your phone, asked for beside the password.',
  'Script Block Logging': 'A Windows setting that writes what PowerShell really runs into a log.',
  'service account': 'An account that a program uses, and no person.',
  'shadow copies': 'Older versions of files that Windows keeps. Attackers delete them so that nothing can be put back.',
  SHA256: 'A fingerprint of a file: if one letter changes, all of it does.',
  'SHA-256': 'A fingerprint of a file: if one letter changes, all of it does.',
  SIEM: 'A program that gathers logs and looks for attacks in them. Wardwatch is one.',
  Sigma: 'A common way to write down what an attack looks like in a log. SigmaHQ publishes thousands of such rules.',
  SIRO: 'The senior information risk owner: who on the board answers for information.',
  SMTP: 'How mail servers speak to each other.',
  syslog: 'How firewalls, switches and Linux machines send their logs.',
  Sysmon:
    'A free tool of Microsoft that writes down which programs start, what they connect to and what they change. It is installed beside Windows, with a file that says what to record.',
  webhook: 'An address of a program, such as a Teams channel, that takes messages from other programs.',
};

export interface Piece {
  readonly text: string;
  /** A word of the glossary; `null`: plain text. */
  readonly term: string | null;
}

const TERMS = Object.keys(GLOSSARY).sort((a, b) => b.length - a.length);
const BY_LOWER = new Map(TERMS.map((term) => [term.toLowerCase(), term]));
const PATTERN = new RegExp(
  `(?<![\\w-])(${TERMS.map((term) => term.replaceAll(/[&.*+?^$()|[\]{}\\]/g, String.raw`\$&`)).join('|')})(?![\\w-])`,
  'gi',
);

/** A text cut at the words of the glossary: each word counts where it stands first. */
export function piecesOf(text: string): readonly Piece[] {
  const seen = new Set<string>();
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(PATTERN)) {
    const term = BY_LOWER.get(found.toLowerCase());
    // “canary” in any case; NIS, but not “nis”.
    if (term === undefined || seen.has(term) || (term === term.toUpperCase() && found !== term)) continue;
    seen.add(term);
    if (index > done) pieces.push({ text: text.slice(done, index), term: null });
    pieces.push({ text: found, term });
    done = index + found.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), term: null });
  return pieces;
}
