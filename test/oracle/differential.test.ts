/** The engine against the plain evaluator: on random rules and events, and on SigmaHQ’s rules over real logs. */
import { deepEqual } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EventView, Fields } from '../../src/core/event.ts';
import { FieldsView } from '../../src/core/fields-view.ts';
import { loadRules, loadRuleTexts, SigmaEngine } from '../../src/detect/sigma/index.ts';
import { EvtxReader, FILE_HEADER } from '../../src/intake/evtx/reader.ts';
import { corpusDir } from '../corpus.ts';
import { holds, type PlainEvent } from './plain-evaluator.ts';

function plain(view: EventView): PlainEvent {
  return {
    value: (name) => {
      const slot = view.layout.slotOf(name);
      return slot < 0 ? undefined : view.valueAt(slot);
    },
    texts: () => view.texts(false),
  };
}

// Few letters, so that random texts meet; the odd ones are those whose case or kind is special.
const piece = fc.constantFrom(
  'a',
  'b',
  'A',
  'B',
  '-',
  '/',
  '\\',
  ' ',
  '.',
  '1',
  'k',
  '\u212a',
  '\u0130',
  '\u017f',
  's',
  '\r',
  '\v',
  'é',
  'É',
  '–',
  '*',
  '?',
  '😀',
  '',
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const plainText = text.map((value) => value.replace(/[*?\\]/g, ''));
const field = fc.constantFrom('F', 'G', 'H');
const modifiers = fc.constantFrom(
  '',
  '|contains',
  '|startswith',
  '|endswith',
  '|contains|all',
  '|cased',
  '|contains|cased',
  '|windash',
  '|contains|windash',
  '|neq',
  '|exists',
  '|fieldref',
  '|fieldref|endswith',
  '|gt',
  '|lte',
  '|cidr',
  '|re',
  '|re|i',
  '|base64offset|contains',
  '|contains|cased|windash',
);

const REGEXES = ['a+b', '^a', 'b$', '[ab]{2,3}', 'a.*b.*a', '(?i)ab', 'a|1', '\\.1', '(a|b)+1'].concat([
  'a.b',
  'a\\sb',
  '(?m)a$',
  '(?i)s',
  '(?i)k',
  'a😀?b',
  '\u017f',
]);

const item = fc.tuple(field, modifiers).chain(([name, modifier]) => {
  const values: fc.Arbitrary<unknown> =
    modifier === '|exists'
      ? fc.boolean()
      : modifier.startsWith('|fieldref')
        ? field
        : modifier === '|gt' || modifier === '|lte'
          ? fc.integer({ min: -3, max: 30 })
          : modifier === '|cidr'
            ? fc.constantFrom('10.0.0.0/8', '192.168.1.0/24', 'fe80::/10', '::1/128')
            : modifier.startsWith('|re')
              ? fc.constantFrom(...REGEXES)
              : modifier.startsWith('|base64')
                ? plainText.filter((value) => value.length > 2)
                : modifier === '' || modifier === '|neq'
                  ? fc.oneof(text, fc.integer({ min: 0, max: 12 }), fc.constant(null))
                  : text;
  const many =
    modifier === '|exists'
      ? values
      : fc.oneof(values, fc.array(values, { minLength: modifier.includes('all') ? 2 : 1, maxLength: 3 }));
  return many.map((value) => [`${name}${modifier}`, value] as const);
});
const selection = fc.oneof(
  fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.fromEntries(items)),
  fc.array(
    fc.array(item, { minLength: 1, maxLength: 2 }).map((items) => Object.fromEntries(items)),
    { minLength: 1, maxLength: 3 },
  ),
  fc.array(
    plainText.filter((value) => value.trim() !== ''),
    { minLength: 1, maxLength: 3 },
  ),
);
const condition = fc.constantFrom(
  'a',
  'a and b',
  'a or b',
  'a and not b',
  'not a',
  'not (a or b)',
  '1 of them',
  'all of them',
  'a and not 1 of b*',
);
const rule = fc.record({ a: selection, b: selection, condition });
const value = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    '',
    null,
    7,
    12,
    true,
    '10.1.2.3',
    '192.168.1.9',
    'fe80::1',
    '::ffff:10.0.0.1',
    ['a', 'B-a'],
    ['1', null],
  ),
);
const event = fc.dictionary(field, value, { noNullPrototype: false });

test('the engine and the plain evaluator agree on random rules and events', () => {
  let judged = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      fc.array(event, { minLength: 1, maxLength: 8 }),
      (rules, events) => {
        const texts = rules.map((detection, i) => ({
          path: `r${i}`,
          text: JSON.stringify({ title: `r${i}`, id: `r${i}`, logsource: { category: 'test' }, detection }),
        }));
        const loaded = loadRuleTexts(texts, { placeholders: {}, includeDeprecated: false, cacheFolder: null });
        const engine = new SigmaEngine(loaded.rules);
        const view = new FieldsView({ channel: '', logSource: { category: 'test' } });
        for (const fields of events) {
          view.show({
            record: 1,
            at: null,
            atText: null,
            zoneAssumed: false,
            logSource: {},
            fields: fields as Fields,
            text: null,
          });
          const got: string[] = [];
          engine.judge(view, (hit) => got.push(hit.rule.id));
          const wanted = loaded.rules.filter((one) => holds(one.condition, plain(view))).map(({ id }) => id);
          judged += loaded.rules.length;
          deepEqual(got.sort(), wanted.sort());
        }
      },
    ),
    { numRuns: 3000, seed: 20261124 },
  );
  process.stdout.write(`differential: ${judged} random judgements agree\n`);
});

test('the engine and the plain evaluator agree on SigmaHQ’s rules over real event logs', (t) => {
  const rulesDir = corpusDir('sigma-rules');
  const base = corpusDir('evtx-attack-samples');
  if (rulesDir === null || base === null) return t.skip();
  const { rules } = loadRules([path.join(rulesDir, 'rules', 'windows')], {
    placeholders: {},
    includeDeprecated: false,
    cacheFolder: null,
  });
  const engine = new SigmaEngine(rules);
  // By channel and event id: the rules that run there, by the engine's own routing. What it routes is tested elsewhere.
  const byRoute = new Map<string, readonly (typeof rules)[number][]>();
  let judged = 0;
  const wrong: string[] = [];
  const files = readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.evtx'))
    .sort()
    .filter((_, i) => i % 6 === 0);
  for (const name of files) {
    let seen = 0;
    const reader = new EvtxReader({
      onRecord: (record) => {
        if (++seen > 12) return;
        const got = new Set<string>();
        engine.judge(record, (hit) => got.add(hit.rule.id));
        if (record.channel !== 'microsoft-windows-sysmon/operational') return;
        const key = String(record.eventId);
        let own = byRoute.get(key);
        if (own === undefined) {
          own = rules.filter(
            ({ logSource }) =>
              CATEGORY_OF[record.eventId] !== undefined && logSource.category === CATEGORY_OF[record.eventId],
          );
          byRoute.set(key, own);
        }
        const event = plain(record);
        for (const one of own) {
          judged++;
          if (holds(one.condition, event) !== got.has(one.id)) wrong.push(`${name} ${record.record}: ${one.title}`);
        }
      },
      onDamage: () => undefined,
    });
    reader.readChunks(readFileSync(path.join(base, name)).subarray(FILE_HEADER), FILE_HEADER);
  }
  deepEqual(wrong, []);
  process.stdout.write(`differential: ${judged} judgements of SigmaHQ’s rules agree\n`);
});

const CATEGORY_OF: Readonly<Record<number, string>> = {
  1: 'process_creation',
  3: 'network_connection',
  7: 'image_load',
  8: 'create_remote_thread',
  10: 'process_access',
  11: 'file_event',
  13: 'registry_set',
};
