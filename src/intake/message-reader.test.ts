import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { MessageReader } from './message-reader.ts';

const kept: readonly (readonly [what: string, object: object, fields: readonly object[]])[] = [
  ['an envelope is its events', { Records: [{ a: 1 }, { a: 2 }] }, [{ a: 1 }, { a: 2 }]],
  ['an event with an empty list named as an envelope’s is kept', { msg: 'x', data: [] }, [{ msg: 'x', data: [] }]],
  [
    'an event with such a list is kept, and so is what is in it',
    { msg: 'x', items: [{ a: 1 }] },
    [{ msg: 'x', items: [{ a: 1 }] }, { a: 1 }],
  ],
];
for (const [what, object, fields] of kept)
  test(what, () => {
    const read = new MessageReader('UTC').read({ kind: 'object', object }, 0);
    deepEqual(
      read.events.map((event) => ({ ...event.fields })),
      fields,
    );
    deepEqual(read.setAside, []);
  });
