/** The Sigma engine against rules, logs and expected hits that nobody here wrote. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { FieldsView } from '../../src/core/fields-view.ts';
import { newFields } from '../../src/core/event.ts';
import { loadRules, loadRuleTexts, SigmaEngine } from '../../src/detect/sigma/index.ts';
import { scan } from '../../src/scan/scan.ts';
import { corpusDir, reference } from '../corpus.ts';

const sigma = corpusDir('sigma-rules');
const cacheFolder = mkdtempSync(path.join(tmpdir(), 'wardwatch-test-'));
const options = { placeholders: {}, includeDeprecated: false, cacheFolder };
const folders = ['rules', 'rules-emerging-threats', 'rules-threat-hunting', 'rules-placeholder'].map((name) =>
  path.join(sigma ?? '', name),
);

function scanning(paths: readonly string[]) {
  return scan({
    ...options,
    paths,
    ruleFolders: folders,
    timeZone: 'UTC',
    declared: null,
    mappings: [],
    threads: 1,
    onProgress: () => undefined,
  });
}

describe('SigmaHQ’s release', { skip: sigma === null }, () => {
  test('loads, but for rules whose placeholders only the site can know', () => {
    const { rules, problems } = loadRules(folders, options);
    equal(rules.length, 3752);
    deepEqual([...new Set(problems.map(({ reason }) => reason))], ['placeholder-unknown']);
  });

  test('lists retired rules and does not run them', () => {
    const { rules, problems } = loadRules([path.join(sigma ?? '', 'deprecated')], options);
    equal(rules.length, 0);
    equal(
      problems.every(({ reason }) => reason !== ''),
      true,
    );
  });
});

interface RegressionCase {
  readonly rule_id: string;
  readonly path: string;
  readonly json: string;
  readonly exists: boolean;
}
interface RegressionHits {
  readonly json: string;
  readonly event: number;
  readonly hits: readonly string[];
}

describe('SigmaHQ’s regression cases', () => {
  const base = corpusDir('sigma-regression');
  // The reference files have these shapes; they are not ours to validate.
  const manifest = reference('regression_manifest.json') as RegressionCase[] | null;
  const hits = reference('regression_all_hits.json') as RegressionHits[] | null;
  const skip = base === null || manifest === null || hits === null;
  for (const lane of ['path', 'json'] as const) {
    test(`give every expected hit and no other, read from ${lane === 'path' ? 'EVTX' : 'JSON'}`, { skip }, async () => {
      const cases = (manifest ?? []).filter(({ exists }) => exists);
      const files = new Map(cases.map((one) => [path.join(base ?? '', one[lane]), one.json]));
      const { findings } = await scanning([...files.keys()]);
      const key = (json: string, event: number, rule: string) => `${json}#${event}#${rule}`;
      const got = findings
        .map(({ source, ruleId }) => key(files.get(source.path) ?? '', source.record - 1, ruleId))
        .sort();
      const wanted = (hits ?? [])
        .flatMap(({ json, event, hits: rules }) => rules.map((rule) => key(json, event, rule)))
        .sort();
      deepEqual(got, wanted);
      const fired = new Set(findings.map(({ source, ruleId }) => `${files.get(source.path)}#${ruleId}`));
      equal(cases.filter(({ json, rule_id }) => fired.has(`${json}#${rule_id}`)).length, cases.length);
      process.stdout.write(`suite SigmaHQ regression (${lane}): ${cases.length} of ${cases.length}\n`);
    });
  }
});

interface ExpectedHit {
  readonly path: string;
  readonly record: number;
  readonly ruleId: string;
}

test('the OTRF archives give exactly the expected hits', { skip: sigma === null }, async (t) => {
  const base = corpusDir('otrf-security-datasets');
  const expected = reference('otrf_expected_hits.json') as ExpectedHit[] | null;
  if (base === null || expected === null) return t.skip();
  const root = path.join(base, 'datasets');
  const rules = new Set(expected.map(({ ruleId }) => ruleId));
  const archives = [...new Set(expected.map((hit) => hit.path.split('!')[0] ?? ''))];
  const { findings } = await scanning(archives.map((archive) => path.join(root, archive)));
  const key = (place: string, record: number, rule: string) => `${place}#${record}#${rule}`;
  const got = new Set(
    findings
      .filter(({ ruleId }) => rules.has(ruleId))
      .map(({ source, ruleId }) => key(path.relative(root, source.path), source.record, ruleId)),
  );
  const wanted = new Set(expected.map((hit) => key(hit.path, hit.record, hit.ruleId)));
  deepEqual(
    [...got].filter((hit) => !wanted.has(hit)),
    [],
  );
  deepEqual(
    [...wanted].filter((hit) => !got.has(hit)),
    [],
  );
  process.stdout.write(`suite OTRF expected hits: ${wanted.size} of ${wanted.size}\n`);
});

interface Vector {
  readonly test: string;
  readonly source: string;
  readonly rule: object;
  readonly event: Readonly<Record<string, string>>;
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  readonly expect: boolean;
  readonly agrees_with_spec_reference: boolean;
}

test('match vectors of other engines that agree with the specification hold', (t) => {
  const vectors = reference('match_vectors.json') as Vector[] | null;
  if (vectors === null) return t.skip();
  const agreeing = vectors.filter((vector) => vector.agrees_with_spec_reference);
  const wrong = agreeing.filter((vector) => {
    const text = (Array.isArray(vector.rule) ? (vector.rule as object[]) : [vector.rule])
      .map((doc) => JSON.stringify(doc))
      .join('\n---\n');
    const { rules } = loadRuleTexts([{ path: vector.test, text }], {
      ...options,
      includeDeprecated: true,
      cacheFolder: null,
      placeholders: vector.placeholders ?? {},
    });
    return rules.some((rule) => fires(rule, vector)) !== vector.expect;
  });
  deepEqual(
    wrong.map((vector) => `${vector.source}: ${vector.test}`),
    [],
  );
  process.stdout.write(`suite match vectors: ${agreeing.length} of ${agreeing.length}\n`);
});

function fires(rule: ReturnType<typeof loadRuleTexts>['rules'][number], { event }: Vector): boolean {
  let fired = false;
  const view = new FieldsView({ channel: '', logSource: rule.logSource });
  view.show({
    record: 1,
    at: null,
    atText: null,
    zoneAssumed: false,
    logSource: {},
    fields: Object.assign(newFields(), event),
    text: null,
  });
  new SigmaEngine([rule]).judge(view, () => {
    fired = true;
  });
  return fired;
}

/**
 * SOCBED's harmless samples are one value a line, of which each is made the event that it was taken from. Its command
 * lines are left out: they come cut into words in the order of the alphabet.
 */
function socbedEvents(dir: string): string {
  const lines = (set: string) =>
    readFileSync(path.join(dir, set, 'train'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  const windows = (Channel: string, EventID: number, fields: Record<string, string>) => ({
    Channel,
    EventID,
    Computer: 'pc1',
    ...fields,
  });
  const events = [
    ...lines('registry').map((line) => {
      const at = line.lastIndexOf('\\');
      return windows('Microsoft-Windows-Sysmon/Operational', 13, {
        EventType: 'SetValue',
        TargetObject: line.slice(0, at),
        Details: line.slice(at + 1),
        Image: 'C:\\Windows\\System32\\svchost.exe',
      });
    }),
    ...lines('powershell').map((line) =>
      windows('Microsoft-Windows-PowerShell/Operational', 4104, { ScriptBlockText: line }),
    ),
  ];
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-socbed-')), 'events.json');
  writeFileSync(file, events.map((event) => JSON.stringify(event)).join('\n'));
  return file;
}

test('known clean logs raise nothing above low', async () => {
  const socbed = corpusDir('amides/data/socbed');
  const logs = ['evtx-parser-samples', 'ts-evtx-fixtures'].map(corpusDir).filter((dir) => dir !== null);
  const sets = [...logs, ...(socbed === null ? [] : [socbedEvents(socbed)])];
  const result = await scan({
    ...options,
    paths: sets,
    ruleFolders: [path.join(import.meta.dirname, '..', '..', 'rules')],
    placeholders: {
      approved_remote_tools: ['x'],
      supplier_accounts: ['x'],
      leavers: ['x'],
      watched_patients: ['x'],
      known_dicom_systems: ['x'],
      known_hl7_systems: ['x'],
    },
    timeZone: 'UTC',
    declared: null,
    mappings: [],
    threads: 1,
    onProgress: () => undefined,
  });
  for (const set of sets)
    ok(
      result.logs.some(({ path: file, events }) => file.startsWith(set) && events > 0),
      `${set} holds events`,
    );
  const loud = result.findings.filter(({ level }) => level !== 'low' && level !== 'informational');
  deepEqual(
    loud.map(({ title, source }) => `${title}: ${path.basename(source.path)} ${source.record}`),
    [],
  );
});
