/** Zeek's and Suricata's logs that nobody here wrote: every row is an event, or is set aside for a stated reason. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { corpusDir } from '../corpus.ts';
import { type Failure, filesOf, readAll, report } from './suites.ts';

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Rows with tabs, or objects one a line, and what became of them. */
function judged(file: string): { rows: number; events: number; aside: number; source: string } | null {
  const text = textOf(file);
  const isTable = /^#separator/m.test(text.slice(0, 2000)) && /^#fields/m.test(text.slice(0, 20_000));
  if (!isTable && !text.startsWith('{')) return null;
  const rows = text.split('\n').filter((line) => line.trim() !== '' && !(isTable && line.startsWith('#'))).length;
  const { events, aside } = readAll(text);
  const { product = '', service = '' } = events[0]?.logSource ?? {};
  return { rows, events: events.length, aside: aside.length, source: `${product}/${service}` };
}

const ZEEK: readonly (readonly [corpus: string, known: Readonly<Record<string, readonly string[]>>])[] = [
  ['zeek-btest', {}],
  [
    'slips',
    {
      'one row has fewer columns than its header: it is set aside': ['dataset/test10-mixed-zeek-dir/notice.log'],
      'JSON without a name of its log, in a log that no rule asks for': [
        'dataset/test16-malicious-zeek-dir/arp.log',
        'dataset/test9-mixed-zeek-dir/arp.log',
        'dataset/test9-mixed-zeek-dir/loaded_scripts.log',
        'dataset/test9-mixed-zeek-dir/packet_filter.log',
      ],
    },
  ],
  ['zeek-zed-sample', {}],
];

for (const [corpus, known] of ZEEK)
  test(`Zeek’s logs in ${corpus} are read row by row`, (t) => {
    const base = corpusDir(corpus);
    if (base === null) return t.skip();
    const failures: Failure[] = [];
    let all = 0;
    for (const file of filesOf(base).filter((name) => /\.(?:log|json)(?:\.labeled)?(?:\.gz)?$/.test(name))) {
      const seen = judged(file);
      if (seen === null || seen.rows === 0 || !/^(?:zeek|\/)/.test(seen.source)) continue;
      all++;
      const { rows, events, aside, source } = seen;
      const isTable = source.startsWith('zeek/') && source !== 'zeek/';
      if (events !== rows || aside > 0 || !isTable)
        failures.push({
          of: path.relative(base, file),
          said: `${events} events, ${aside} set aside of ${rows} (${source})`,
        });
    }
    report(`Zeek logs (${corpus})`, all, failures, known);
  });

test('Suricata’s events are read line by line, DNS with its question', (t) => {
  const base = corpusDir('suricata-eve');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
  const files = filesOf(base).filter((file) => file.endsWith('.jsonl.gz'));
  for (const file of files) {
    const text = textOf(file);
    const rows = text.split('\n').filter((line) => line !== '').length;
    const { events, aside } = readAll(text);
    const dns = events.filter(({ fields, logSource }) => logSource.category === 'dns' && fields['query'] === undefined);
    // A question may be missing in a reply that was cut off; in all of them it may not.
    if (events.length !== rows || aside.length > 0 || events.some(({ at }) => at === null) || dns.length > rows * 0.02)
      failures.push({
        of: path.basename(file),
        said: `${events.length} events of ${rows}, ${dns.length} without a question`,
      });
  }
  report('Suricata EVE', files.length, failures, {});
});
