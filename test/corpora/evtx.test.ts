/** The EVTX reader against real files, and against libevtx's own tool. */
import { deepEqual, equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { EvtxRecord, ResolvedElement } from '../../src/intake/evtx/record.ts';
import { EvtxReader, FILE_HEADER } from '../../src/intake/evtx/reader.ts';
import { corpusDir } from '../corpus.ts';

function read(file: string, onRecord: (record: EvtxRecord) => void): { records: number; damages: string[] } {
  let records = 0;
  const damages: string[] = [];
  const reader = new EvtxReader({
    onRecord: (record) => {
      records++;
      onRecord(record);
    },
    onDamage: ({ reason }) => damages.push(reason),
  });
  reader.readChunks(readFileSync(file).subarray(FILE_HEADER), FILE_HEADER);
  return { records, damages };
}

describe('record counts', () => {
  // Counts by the Rust evtx parser's own tests and by libevtx.
  const counts: readonly (readonly [part: string, records: number])[] = [
    ['2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS', 1910],
    ['2-vss_7-System', 1160],
    ['Windows_system32_winevt_logs_Microsoft-Windows-CAPI2', 340],
    ['irregular', 3028],
    ['TerminalServices-RemoteConnectionManager', 1774],
    ['bad_chunk_magic', 270],
    ['HelloForBusiness', 6],
    ['LanguagePackSetup', 17],
    ['Shell-Core', 1146],
    ['Application_no_crc32', 17],
    ['post-Security', 126],
    ['issue_201', 1],
  ];
  const base = corpusDir('evtx-parser-samples');
  const files =
    base === null
      ? []
      : readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.evtx'));
  for (const [part, records] of counts) {
    const name = files.find((candidate) => candidate.includes(part));
    test(`${part}: ${records}`, { skip: name === undefined }, () => {
      equal(read(path.join(base ?? '', name ?? ''), () => undefined).records, records);
    });
  }
});

describe('libevtx’s evtxexport and we agree', () => {
  const tool = '/usr/bin/evtxexport';
  if (!existsSync(tool))
    process.stderr.write('SKIPPED: evtxexport is not installed, so agreement with libevtx is not proved.\n');
  const sets = ['evtx-attack-samples', 'hayabusa-sample-evtx', 'evtx-parser-samples', 'ts-evtx-fixtures'];
  for (const set of sets) {
    const base = corpusDir(set);
    test(`on every value of ${set}`, { skip: base === null || !existsSync(tool) }, () => {
      let records = 0;
      let values = 0;
      const wrong: string[] = [];
      for (const name of readdirSync(base ?? '', { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('.evtx'),
      )) {
        const file = path.join(base ?? '', name);
        const theirs = exported(tool, file);
        // What it cannot read at all says nothing about us.
        if (theirs.size === 0) continue;
        read(file, (record) => {
          const id = Number(record.field('EventRecordID'));
          const xml = theirs.get(id);
          if (xml === undefined) return;
          records++;
          const ours = valuesOf(record.tree());
          values += ours.length;
          const missing = ours.filter((text) => !xml.includes(text));
          if (missing.length > 0) wrong.push(`${name} ${id}: ${missing.slice(0, 2).join(' | ')}`);
        });
      }
      process.stdout.write(`suite libevtx ${set}: ${records - wrong.length} of ${records} records, ${values} values\n`);
      deepEqual(wrong, []);
    });
  }
});

/** By event record id: the XML that evtxexport prints, with entities resolved and spaces made alike. */
function exported(tool: string, file: string): Map<number, string> {
  const { stdout } = spawnSync(tool, ['-f', 'xml', file], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const found = new Map<number, string>();
  for (const xml of stdout.split('<Event xmlns').slice(1)) {
    const id = Number(/<EventRecordID>(\d+)</.exec(xml)?.[1]);
    found.set(id, alike(unescaped(xml)));
  }
  return found;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(xml: string): string {
  return xml.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] ?? '');
}

/** evtxexport drops control characters; spaces and case say nothing about the reader. */
function alike(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f\ufffd]+/g, ' ').toLowerCase();
}

/** Times, GUIDs and hexadecimal numbers have a form of their own in each tool, and it prints negative numbers as if unsigned. */
const OWN_FORM = /^0x[\da-f]+$|^\{[\da-f-]{36}\}$|^\d{4}-\d\d-\d\dt|^[\da-f]{8,}$|^-?\d+\.\d|^-\d+$|[\ud800-\udfff]/;

function valuesOf(elements: readonly ResolvedElement[]): string[] {
  const own = elements.flatMap(({ attributes, texts }) => [
    ...attributes.filter(([name]) => name !== 'xmlns').map(([, text]) => text),
    ...texts.filter((text) => text !== null),
  ]);
  const plain = own.map((text) => alike(text).trim()).filter((text) => text !== '' && !OWN_FORM.test(text));
  return [...plain, ...elements.flatMap(({ children }) => valuesOf(children))];
}
