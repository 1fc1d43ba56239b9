/** Names that systems give to what names a patient, and their values in fields and in text. */

/** What of a patient names them: `name` of `patient_name`, or of a record that is called `patient`. */
const PERSONAL = [
  String.raw`id(?:s|entifiers?)?|numbers?|num|no|ref(?:erence)?|key|mrn|nhs[._ -]?(?:no|num|number|id)?|chi`,
  String.raw`hospital[._ -]?(?:no|num|number|id)|(?:full|first|last|fore|sur|family|given|middle|maiden|birth)?[._ -]?names?`,
  String.raw`family|given|initials|dob|birth[._ -]?date|date[._ -]?of[._ -]?birth|address(?:[._ -]?line)?[._ -]?\d?`,
  String.raw`post[._ -]?code|zip|(?:tele|mobile|home)?[._ -]?phone(?:[._ -]?(?:no|number))?|tel|mobile|e?mail(?:[._ -]?address)?`,
].join('|');

/** What names a patient whoever has it. Without regard to case. */
const BY_ITSELF = [
  String.raw`patients?[._ -]?(?:${PERSONAL})`,
  String.raw`nhs[._ -]?(?:no|num|number)|date[._ -]?of[._ -]?birth|birth[._ -]?date|hospital[._ -]?(?:no|num|number)`,
].join('|');
/** Words so short that they end other words. */
const ALONE = String.raw`pat[._ -]?(?:name|id)|chi(?:[._ -]?(?:no|num|number))?|hc[._ -]?number|mrn|dob`;

const IDENTIFYING = new RegExp(String.raw`(?:${BY_ITSELF}|(?:^|[^a-z])(?:patients?|${ALONE}))$`, 'i');
/** `userDOB`, `theMrn`: where only the case parts the words. */
const IN_CAMEL_CASE = /[a-z](?:DOB|Dob|MRN|Mrn)$/;
const PERSONAL_NAME = new RegExp(String.raw`^(?:${PERSONAL}|value|text|display)$`, 'i');
const PATIENT_NAME = /(?:^|[^a-z])patients?$/i;
/** A part of somebody's name, and beside what names a patient of the patient's. */
const PART_OF_NAME = /^(?:(?:sur|fore|first|last|family|given|middle|maiden)[._ -]?names?)$/i;
/** What a name or an identifier says of itself. */
const TECHNICAL_NAME = /^(?:system|use|type|period|code|extension|url|rank|status|assigner|resourceType)$/i;

/** What is known of a field by its name. */
export interface NameKind {
  /** It holds a patient's id, name, birth date, address or telephone number, whatever they look like. */
  readonly isIdentifying: boolean;
  /** What is nested in it is a patient's. */
  readonly isPatient: boolean;
  /** `patients`: a number in it is how many, and no one of them. */
  readonly isCount: boolean;
  /** It does, if it is in something that is a patient's. */
  readonly isPersonal: boolean;
  readonly isPartOfName: boolean;
  readonly isTechnical: boolean;
}

export function kindOfName(name: string): NameKind {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return {
    isIdentifying: [last, name].some((each) => IDENTIFYING.test(each) || IN_CAMEL_CASE.test(each)),
    isPatient: PATIENT_NAME.test(last),
    isCount: PATIENT_NAME.test(last) && last.toLowerCase().endsWith('s'),
    isPersonal: PERSONAL_NAME.test(last),
    isPartOfName: PART_OF_NAME.test(last),
    isTechnical: TECHNICAL_NAME.test(last),
  };
}

/** One look that most texts end with: 2 µs for those of an event (a walk over them, letter by letter, took four). */
const MAY_NAME =
  /patient|nhs[._ -]?n|mrn|dob|birth|hospital[._ -]?n|PID\.|(?<![a-z])(?:chi(?:n(?:o|um)|[^a-z])|hc[._ -]?n|pat[._ -]?(?:name|id))/i;
const KEYS = new RegExp(
  String.raw`(?:${BY_ITSELF}|(?<![a-z])(?:patient|${ALONE}))(?![a-z])|(?<=<)PID\.\d+(?:\.\d+)*`,
  'gi',
);
const PARTS_OF_NAME =
  /(?<=[?&])(?:family|given|name)(?==)|(?<![a-z])(?:sur|fore|first|last|family|given|middle)[._ -]?names?(?![a-z])/gi;
/** `/Patient/17`, as FHIR and other interfaces on the web have it. A file below such a folder is no patient. */
const IN_PATH = /(?<![a-z])patients?\/(?!v\d+[/?\s])([a-z0-9-]*\d[a-z0-9-]*)(?![\w.-])/gi;
const SEARCH = /(?<![a-z])patients?\?/i;

/** Of HL7’s PID in XML: what names the person. As in `find.ts`. */
const PID_ELEMENT = /^PID\.(?:[2-79]|11|13|14|18|19|20|21)(?:\.\d+)*$/i;

/** False if `replaceNamed` would leave the text as it is, and JSON in it says nothing of patients; true may be wrong. */
export function mayName(text: string): boolean {
  return MAY_NAME.test(text);
}

/** Nothing, or what a program puts a value in the place of. */
export function isNoValue(text: string): boolean {
  return /^(?:null|none|nil|undefined|unknown|true|false|n\/a|-|[?@$:%{].*)$/i.test(text);
}

/** Replaces what stands behind a name that says that it names a patient. `of` gets the value. */
export function replaceNamed(text: string, of: (value: string) => string): string {
  const inPath = text.replace(IN_PATH, (found, id: string) => found.slice(0, -id.length) + of(id));
  const clean = replaceValues(inPath, KEYS, of);
  return clean !== text || SEARCH.test(text) ? replaceValues(clean, PARTS_OF_NAME, of) : clean;
}

function replaceValues(text: string, keys: RegExp, of: (value: string) => string): string {
  let result = '';
  let done = 0;
  for (const { 0: key, index } of text.matchAll(keys)) {
    if (index < done) continue;
    if (key.startsWith('PID.') && !PID_ELEMENT.test(key)) continue;
    const [from, to] = valueBehind(text, index + key.length, key) ?? [0, 0];
    const value = text.slice(from, to);
    if (value.trim() === '' || isNoValue(value)) continue;
    result += text.slice(done, from) + of(value);
    done = to;
  }
  return done === 0 ? text : result + text.slice(done);
}

const MAX_VALUE = 300;

const NAME_WORD = String.raw`(?!(?:DOB|MRN|NHS|CHI|D\.O\.B|Date|Hospital|Ward|Patient)(?!\p{L}))\p{Lu}[\p{L}'’.-]*`;
/** Words of a name; what stands before `=` or `:` is the next key. */
const NAME_WORDS = String.raw`${NAME_WORD}(?:(?:, ?| |\^)${NAME_WORD}(?![\p{L}\d_]*\s?[=:])){0,4}`;
const DATE = String.raw`\d{1,4}[./ -]\d{1,2}[./ -]\d{1,4}|\d{8}|\d{1,2}[ -]\p{L}{3,9}[ -]\d{2,4}`;
const NUMBER = String.raw`[A-Za-z]{0,4}[-/]?\d[\w/-]{2,}`;

const QUOTED_KEY = /(\\*["'])\s{0,5}:\s{0,5}(?:(\\*["'])|(?=[\d[]))/y;
const ELEMENT = /(?:\s[^<>]{0,200})?>(?=[^<]{1,300}<)/y;
const EQUALS = /\s?(?:=|%3[dD])\s?(\\*["'])?/y;
const TOKEN = /(?:(?!%26)[^\s&;,|"'<>(){}[\]\\])+/y;
const TOKENS = new RegExp(NAME_WORDS, 'uy');
const NUMBERS = /\d+|\[[^\][{}]{0,300}\]/y;
const BEHIND_WORDS = /[\s:#.-]{1,3}/y;
const PLAIN_VALUE = new RegExp(`${DATE}|${NUMBER}`, 'uy');
/** Behind the word “patient” alone, which machines and programs are called by too: `PATIENT-PC123`, `Patient 360`. */
const BEHIND_PATIENT = new RegExp(String.raw`${DATE}|[A-Za-z]{0,4}[-/]?\d{4,}[\w/-]*`, 'uy');
const JOINED_TO_PATIENT = /\d{5,}(?!\w)/y;

/** Where the value begins and ends that stands behind a key; `null`: none does. */
function valueBehind(text: string, at: number, key: string): readonly [from: number, to: number] | null {
  const quoted = matchAt(QUOTED_KEY, text, at);
  if (quoted !== null) {
    const from = at + quoted[0].length;
    return quoted[2] === undefined ? spanOf(NUMBERS, text, from) : untilQuote(text, from, quoted[2]);
  }
  const element = matchAt(ELEMENT, text, at);
  if (element !== null) {
    const from = at + element[0].length;
    return [from, text.indexOf('<', from)];
  }
  const equals = matchAt(EQUALS, text, at);
  const isName = /names?$|^patients?$/i.test(key);
  if (equals !== null) {
    const from = at + equals[0].length;
    if (equals[1] !== undefined) return untilQuote(text, from, equals[1]);
    return (isName ? spanOf(TOKENS, text, from) : null) ?? spanOf(TOKEN, text, from);
  }
  const words = matchAt(BEHIND_WORDS, text, at);
  if (words === null) return null;
  const from = at + words[0].length;
  // Of `Patient: Record opened` only what follows can tell that it is no name: two words at least.
  const name = isName && words[0].includes(':') ? spanOf(TOKENS, text, from) : null;
  if (name !== null && /[ ,^]/.test(text.slice(...name))) return name;
  if (!/^patients?$/i.test(key)) return spanOf(PLAIN_VALUE, text, from);
  return spanOf(/[\s:#]/.test(words[0]) ? BEHIND_PATIENT : JOINED_TO_PATIENT, text, from);
}

function untilQuote(text: string, from: number, quote: string): readonly [number, number] | null {
  const to = text.slice(from, from + MAX_VALUE).indexOf(quote);
  return to <= 0 ? null : [from, from + to];
}

function spanOf(pattern: RegExp, text: string, from: number): readonly [number, number] | null {
  const found = matchAt(pattern, text, from);
  return found === null ? null : [from, from + found[0].length];
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
