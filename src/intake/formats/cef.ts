import { type Fields, newFields } from '../../core/event.ts';

/** ArcSight's Common Event Format. Source: “ArcSight CEF Implementation Standard”, revision 25. */
export function parseCef(text: string): Fields | null {
  const start = text.indexOf('CEF:');
  if (start < 0) return null;
  const parts = splitHeader(text.slice(start + 4));
  if (parts === null) return null;
  const [
    version = '',
    vendor = '',
    product = '',
    deviceVersion = '',
    signature = '',
    name = '',
    severity = '',
    extension = '',
  ] = parts;
  if (!/^\d+$/.test(version)) return null;
  const fields = newFields();
  Object.assign(fields, {
    DeviceVendor: vendor,
    DeviceProduct: product,
    DeviceVersion: deviceVersion,
    DeviceEventClassID: signature,
    Name: name,
    Severity: severity,
  });
  readExtension(extension, fields);
  return fields;
}

/** Seven parts between bars that are not escaped, then the extension. */
function splitHeader(text: string): string[] | null {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && (text.charAt(at + 1) === '|' || text.charAt(at + 1) === '\\')) part += text.charAt(++at);
    else if (char === '|') {
      parts.push(part);
      part = '';
      if (parts.length === 7) return [...parts, text.slice(at + 1)];
    } else part += char;
  }
  return null;
}

const MAX_PAIRS = 1000;

/** `key=value key2=value with spaces`: a value ends where the next ` key=` begins. `\=` and `\n` are escaped. */
function readExtension(text: string, fields: Fields): void {
  const keys: { at: number; value: number; key: string }[] = [];
  const finder = /(?:^|\s)([\w.[\]-]{1,100})=/g;
  for (let match = finder.exec(text); match !== null && keys.length < MAX_PAIRS; match = finder.exec(text)) {
    keys.push({ at: match.index, value: match.index + match[0].length, key: match[1] ?? '' });
  }
  keys.forEach(({ key, value }, i) => {
    const raw = text.slice(value, keys[i + 1]?.at ?? text.length).trim();
    fields[key] ??= raw.replace(/\\([=\\|nr])/g, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped === 'r' ? '\r' : escaped,
    );
  });
  // cs1=value cs1Label=Rule Name is also Rule Name=value.
  for (const [key, label] of Object.entries(fields)) {
    if (!key.endsWith('Label') || typeof label !== 'string') continue;
    const value = fields[key.slice(0, -5)];
    if (value !== undefined) fields[label.replaceAll(' ', '')] ??= value;
  }
}

/** IBM's Log Event Extended Format. Source: “IBM QRadar LEEF”, versions 1.0 and 2.0. */
export function parseLeef(text: string): Fields | null {
  const start = text.indexOf('LEEF:');
  if (start < 0) return null;
  const [version = '', vendor = '', product = '', productVersion = '', eventId = '', ...rest] = text
    .slice(start + 5)
    .split('|');
  if (!/^[12]\.\d$/.test(version)) return null;
  const hasDelimiter = version.startsWith('2') && rest.length >= 2;
  const delimiter = hasDelimiter ? delimiterOf(rest[0] ?? '') : '\t';
  const body = (hasDelimiter ? rest.slice(1) : rest).join('|');
  const fields = newFields();
  Object.assign(fields, {
    DeviceVendor: vendor,
    DeviceProduct: product,
    DeviceVersion: productVersion,
    EventID: eventId,
  });
  for (const pair of body.split(delimiter).slice(0, MAX_PAIRS)) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields[pair.slice(0, equals).trim()] ??= pair.slice(equals + 1);
  }
  return fields;
}

/** One character, or its code as `x5E` or `0x5E`. */
function delimiterOf(text: string): string {
  const hex = /^0?x([\da-fA-F]{1,4})$/.exec(text)?.[1];
  return hex === undefined ? text.charAt(0) || '\t' : String.fromCharCode(Number.parseInt(hex, 16));
}
