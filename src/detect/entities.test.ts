/** What a finding is about has one name, however its source writes it. */
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { entitiesOf, subjectsOf } from './entities.ts';

const view = new FieldsView();
function shown(fields: Fields) {
  return view.show({ record: 1, at: 0, atText: null, zoneAssumed: false, logSource: {}, fields, text: null });
}

const addresses: readonly (readonly [what: string, written: string, address: string])[] = [
  ['as it is', '10.0.40.12', '10.0.40.12'],
  ['as domain controllers write it (4768, 4769)', '::ffff:10.0.40.12', '10.0.40.12'],
  ['with a port, as Microsoft 365 does', '203.0.113.5:52344', '203.0.113.5'],
  ['of IPv6 with a port', '[2001:db8::1]:52344', '2001:db8::1'],
  ['of IPv6', '2001:db8::1', '2001:db8::1'],
  ['what is no address', 'fe80::1%12', 'fe80::1%12'],
];
for (const [what, written, address] of addresses)
  test(`an address ${what}: ${address}`, () => equal(entitiesOf(shown({ IpAddress: written })).address, address));

test('an address of ours that a domain controller wrote is a machine of ours', () => {
  equal(subjectsOf(shown({ IpAddress: '::ffff:10.0.40.12' })).host, '10.0.40.12');
});
