import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { formatContract, readPieces } from '../format-contract.ts';
import { formatOf } from '../index.ts';
import { securityLines, syslog } from '../syslog-format.ts';
import { VENDOR_SAMPLES } from './vendor-samples.ts';

for (const { what, line, source, fields } of VENDOR_SAMPLES) {
  test(`${what} is recognised, with the fields that rules ask for`, () => {
    const format = formatOf({ text: line, lines: [line] });
    ok(format !== null, 'a format claims it');
    const [event] = readPieces(format, [`${line}\n`], 'UTC').events;
    ok(event !== undefined, 'it is read');
    const { product = '', category = '', service = '' } = event.logSource;
    deepEqual(`${product}/${category}/${service}`, source);
    deepEqual(Object.fromEntries(Object.keys(fields).map((name) => [name, event.fields[name]])), fields);
    const at = event.at === null ? '' : new Date(event.at).toISOString();
    ok(at === '' || at.startsWith('2026-11-02T09:49:00'), at);
    ok(at !== '' || what === 'Cisco IOS without a clock', 'it has its time');
  });
}

formatContract(
  syslog,
  VENDOR_SAMPLES.filter(({ line }) => line.startsWith('<')).map(({ line }) => `${line}\n`),
);
formatContract(
  securityLines,
  VENDOR_SAMPLES.filter(({ line }) => !line.startsWith('<')).map(({ line }) => `${line}\n`),
);
