import type { FieldValue } from '../../core/event.ts';

const INTEGRITY: Readonly<Record<string, string>> = {
  'S-1-16-0': 'Untrusted',
  'S-1-16-4096': 'Low',
  'S-1-16-8192': 'Medium',
  'S-1-16-8448': 'MediumPlus',
  'S-1-16-12288': 'High',
  'S-1-16-16384': 'System',
};

/** How a built-in Windows event's values become what Sysmon, and so Sigma, would have said. */
export const DERIVATIONS: Readonly<Record<string, (values: readonly FieldValue[]) => FieldValue>> = {
  hexToDecimal: ([value]) => {
    const text = textOf(value);
    return text?.startsWith('0x') === true ? String(Number(text)) : value;
  },
  account: ([domain, name]) => {
    const user = textOf(name);
    return user === null ? undefined : `${textOf(domain) ?? ''}\\${user}`;
  },
  integrityLevel: ([label]) => INTEGRITY[textOf(label) ?? ''] ?? label,
  outbound: ([direction]) =>
    textOf(direction) === '%%14593' ? 'true' : textOf(direction) === '%%14592' ? 'false' : direction,
  protocolName: ([protocol]) => (textOf(protocol) === '6' ? 'tcp' : textOf(protocol) === '17' ? 'udp' : protocol),
  registryTarget: ([key, name]) => {
    const path = textOf(key);
    if (path === null) return undefined;
    const hive = path.replace(/^\\REGISTRY\\MACHINE/i, 'HKLM').replace(/^\\REGISTRY\\USER/i, 'HKU');
    const value = textOf(name);
    return value === null || value === '' ? hive : `${hive}\\${value}`;
  },
  // Event 4657 says the type of a value by a message number: %%1876 is REG_DWORD, %%1883 REG_QWORD.
  registryDetails: ([type, value]) => {
    const text = textOf(value);
    const number = Number(text);
    if (text === null || text === '' || !Number.isInteger(number)) return value;
    if (textOf(type) === '%%1876') return `DWORD (0x${number.toString(16).padStart(8, '0')})`;
    return textOf(type) === '%%1883' ? `QWORD (0x${number.toString(16).padStart(8, '0')}-0x00000000)` : value;
  },
};

function textOf(value: FieldValue): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}
