/** Sign-ins as sources write them. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { FieldsView } from '../../core/fields-view.ts';
import { parseSyslog } from '../../intake/formats/syslog.ts';
import { signInOf } from './sign-in.ts';

const context = {
  timeZone: 'UTC',
  referenceTime: Date.parse('2026-11-24T12:00:00Z'),
  mappings: [],
  emit: () => undefined,
  setAside: () => undefined,
};

function read(message: string, host: string) {
  const result = parseSyslog(`<38>Nov  2 09:49:00 ${host} sshd[12]: ${message}`, context);
  if (result === null || 'reason' in result) throw new Error('not read');
  return result;
}

for (const [title, message, expected] of [
  ['a wrong password', 'Failed password for root from 203.0.113.5 port 44 ssh2', ['root', '203.0.113.5', false]],
  [
    'a name that there is not',
    'Failed password for invalid user pi from 2001:db8::5 port 44 ssh2',
    ['pi', '2001:db8::5', false],
  ],
  ['a key', 'Accepted publickey for jo from 10.2.3.4 port 44 ssh2: ED25519 SHA256:x', ['jo', '10.2.3.4', true]],
  [
    'a name that pretends to be an address',
    'Failed password for invalid user x from 198.51.100.1 port 22 ssh2 from 203.0.113.5 port 44 ssh2',
    ['x from 198.51.100.1 port 22 ssh2', '203.0.113.5', false],
  ],
] as const) {
  test(`sshd, ${title}`, () => {
    const { fields, logSource } = read(message, 'Web1');
    const [account, address, isSuccess] = expected;
    deepEqual([fields['user'], fields['src_ip']], [account, address]);
    const view = new FieldsView();
    const event = { record: 1, at: 0, atText: null, zoneAssumed: false, text: null, fields, logSource };
    deepEqual(signInOf(view.show(event)), { account, host: 'web1', address, country: null, isSuccess });
  });
}

test('what sshd says of other things is no sign-in', () => {
  const { fields } = read('Connection closed by 203.0.113.5 port 44 [preauth]', 'web1');
  equal(fields['src_ip'], undefined);
});
