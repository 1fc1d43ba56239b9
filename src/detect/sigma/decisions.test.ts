/** Where implementations of Sigma disagree, and what we decided; and what the specification says plainly. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fields, FieldValue, LogSource } from '../../core/event.ts';
import { FieldsView } from '../../core/fields-view.ts';
import { Correlator, loadRuleTexts, SigmaEngine } from './index.ts';

const options = { placeholders: { tools: ['a*', 'b'] }, includeDeprecated: false, cacheFolder: null };
const SOURCE = { category: 'test' };

function load(...docs: object[]) {
  return loadRuleTexts([{ path: 'rule.yml', text: docs.map((doc) => JSON.stringify(doc)).join('\n---\n') }], options);
}

function ruleOf(detection: object, logsource: LogSource = SOURCE) {
  return { title: 'r', id: 'r', level: 'high', logsource, detection };
}

function fires(
  detection: object,
  fields: Record<string, FieldValue>,
  logSource: LogSource = SOURCE,
  rule: LogSource = SOURCE,
): boolean {
  const { rules, problems } = load(ruleOf(detection, rule));
  deepEqual(problems, []);
  let fired = false;
  const dictionary: Fields = Object.assign(Object.create(null) as Fields, fields);
  new SigmaEngine(rules).judge(
    new FieldsView().show({
      record: 1,
      at: null,
      atText: null,
      zoneAssumed: false,
      logSource,
      fields: dictionary,
      text: null,
    }),
    () => {
      fired = true;
    },
  );
  return fired;
}

const selection = (items: object) => ({ selection: items, condition: 'selection' });

describe('values and modifiers', () => {
  const cases: readonly (readonly [what: string, items: object, fields: Record<string, FieldValue>, fires: boolean])[] =
    [
      ['text is compared without case', { F: 'PowerShell' }, { F: 'POWERSHELL' }, true],
      ['cased compares with case', { 'F|cased': 'Ab' }, { F: 'ab' }, false],
      ['two backslashes are one', { F: 'C:\\\\x' }, { F: 'C:\\x' }, true],
      ['a backslash before any other character is itself', { F: 'C:\\x' }, { F: 'C:\\x' }, true],
      ['an escaped star is a star', { F: 'a\\*b' }, { F: 'axb' }, false],
      ['two backslashes and a star are a backslash and a wildcard', { F: 'a\\\\*' }, { F: 'a\\anything' }, true],
      ['three backslashes and a star are a backslash and a star', { F: 'a\\\\\\*' }, { F: 'a\\*' }, true],
      ['four backslashes are two', { 'F|contains': '\\\\\\\\srv' }, { F: 'x \\\\srv' }, true],
      ['a question mark is exactly one character', { F: 'a?c' }, { F: 'ac' }, false],
      ['a question mark takes an emoji whole', { F: 'a?c' }, { F: 'a😀c' }, true],
      ['and not half of one', { F: 'a??c' }, { F: 'a😀c' }, false],
      ['also between stars', { 'F|contains': 'x?y' }, { F: 'a😀 x😀y b' }, true],
      ['null holds on an absent field', { F: null }, {}, true],
      ['null does not hold on an empty text', { F: null }, { F: '' }, false],
      ['an empty text does not hold on an absent field', { F: '' }, {}, false],
      ['an empty text holds on an empty text', { F: '' }, { F: '' }, true],
      ['neq is false on an absent field (house decision 2)', { 'F|neq': 'a' }, {}, false],
      ['neq is true on another value', { 'F|neq': 'a' }, { F: 'b' }, true],
      ['all of one value is that value', { 'F|contains|all': 'a' }, { F: 'xa' }, true],
      ['all wants every value', { 'F|contains|all': ['a', 'b'] }, { F: 'xa' }, false],
      ['numbers compare with text', { F: 4624 }, { F: '4624' }, true],
      [
        'windash takes any dash for another (house decision 3)',
        { 'F|contains|windash': ' -enc' },
        { F: 'x /enc' },
        true,
      ],
      ['windash takes an en dash too', { 'F|contains|windash': ' /enc' }, { F: 'x \u2013enc' }, true],
      ['windash leaves a slash inside a path alone', { 'F|contains|windash': 'a-b' }, { F: 'a/b' }, false],
      [
        'windash finds what the rule itself says, whatever stands before it',
        { 'F|contains|windash': '/c ' },
        { F: 'cmd.exe/c calc' },
        true,
      ],
      ['also with another dash', { 'F|contains|windash': '-c ' }, { F: 'cmd.exe/c calc' }, true],
      ['windash takes any dash before a wildcard', { 'F|windash': '* -?nc*' }, { F: 'x /enc b' }, true],
      ['windash leaves other dashes of the rule as they are', { 'F|windash': '*/c *a-b*' }, { F: 'x -c a/b' }, false],
      ['and finds them with those', { 'F|windash': '*/c *a-b*' }, { F: 'x -c a-b' }, true],
      ['cased and windash go together', { 'F|contains|windash|cased': ' -Enc' }, { F: 'x /enc' }, false],
      [
        'windash before an encoding spells the dashes out',
        { 'F|windash|base64offset|contains': ' -enc' },
        { F: Buffer.from('powershell /enc').toString('base64') },
        true,
      ],
      [
        'all with readings wants one reading of each',
        { 'F|base64offset|contains|all': ['http://', 'invoke'] },
        { F: Buffer.from('invoke http://y').toString('base64') },
        true,
      ],
      [
        'and not of one alone',
        { 'F|base64offset|contains|all': ['http://', 'invoke'] },
        { F: Buffer.from('get http://y').toString('base64') },
        false,
      ],
      ['all with placeholders wants one value of each', { 'F|expand|all': ['%tools%', '?'] }, { F: 'b' }, true],
      [
        'wide text beyond Latin letters is encoded as it is',
        { 'F|wide|base64offset|contains': '\u4e80\u4e81' },
        { F: Buffer.from('\u4e80\u4e81', 'utf16le').toString('base64') },
        true,
      ],
      [
        'and \u00fe in plain text as UTF-8',
        { 'F|base64|contains': 'a\u00fea' },
        { F: Buffer.from('a\u00fea').toString('base64') },
        true,
      ],
      [
        'base64offset finds a text at any offset',
        { 'F|base64offset|contains': 'http://' },
        { F: Buffer.from('xxhttp://y').toString('base64') },
        true,
      ],
      [
        'wide and base64offset find UTF-16',
        { 'F|wide|base64offset|contains': 'http' },
        { F: Buffer.from('xhttp', 'utf16le').toString('base64') },
        true,
      ],
      ['cidr holds within a network', { 'F|cidr': '10.0.0.0/8' }, { F: '10.9.8.7' }, true],
      ['cidr of IPv6 holds within a network', { 'F|cidr': 'fc00::/7' }, { F: 'fd12::1' }, true],
      ['cidr does not hold on what is no address', { 'F|cidr': '10.0.0.0/8' }, { F: '10.x' }, false],
      ['gt compares numbers', { 'F|gt': 9 }, { F: '10' }, true],
      ['re is sensitive to case', { 'F|re': 'ab+' }, { F: 'ABB' }, false],
      ['re|i is not', { 'F|re|i': 'ab+' }, { F: 'ABB' }, true],
      ['exists: false holds on an absent field', { 'F|exists': false }, {}, true],
      ['fieldref compares two fields', { 'F|fieldref': 'G' }, { F: 'x', G: 'X' }, true],
      ['expand takes the site’s values, wildcards and all', { 'F|expand': '%tools%' }, { F: 'abc' }, true],
      ['hour looks at the time of day', { 'F|hour|gte': 22 }, { F: '2026-11-02T23:10:00Z' }, true],
      ['week counts as ISO 8601 does', { 'F|week': 53 }, { F: '2026-12-31T00:00:00Z' }, true],
      ['a list of values is any of them', { F: 'b' }, { F: ['a', 'b'] }, true],
      ['a nested value is reached by a dotted name', { 'a.b': 'x' }, { a: { b: 'X' } }, true],
      ['a field called __proto__ is only a field', { __proto__x: 'y' }, { F: 'y' }, false],
    ];
  for (const [what, items, fields, wanted] of cases) {
    test(what, () => equal(fires(selection(items), fields), wanted));
  }

  test('a missing field under not matches (house decision 6)', () => {
    equal(fires({ a: { F: 'x' }, b: { G: 'y' }, condition: 'a and not b' }, { F: 'x' }), true);
  });

  test('keywords are found in any value of the event', () => {
    equal(fires({ keywords: ['needle'], condition: 'keywords' }, { F: 'hay', G: { H: ['a NEEDLE b'] } }), true);
  });

  test('nothing is hidden behind many other values, or by being nested', () => {
    const values = [...Array.from({ length: 20_000 }, (_, i) => `x${i}`), 'needle'];
    let nested: FieldValue = 'needle';
    for (let depth = 0; depth < 180; depth++) nested = { k: nested };
    const keywords = { keywords: ['needle'], condition: 'keywords' };
    equal(fires(keywords, { F: values }), true);
    equal(fires(selection({ F: 'needle' }), { F: values }), true);
    equal(fires(keywords, { F: nested }), true);
  });

  test('all on keywords wants each of them somewhere', () => {
    equal(fires({ keywords: { '|all': ['one', 'two'] }, condition: 'keywords' }, { F: 'one', G: 'two' }), true);
    equal(fires({ keywords: { '|all': ['one', 'two'] }, condition: 'keywords' }, { F: 'one' }), false);
  });
});

describe('what a rule cannot mean', () => {
  const yaml = (detection: string, level = 'high') =>
    loadRuleTexts(
      [
        {
          path: 'rule.yml',
          text: `title: r\nid: r\nlevel: ${level}\nlogsource: {category: test}\ndetection:\n${detection}`,
        },
      ],
      options,
    );

  test('a number too long for a number keeps its digits', () => {
    for (const number of ['9007199254740993', '-12345678901234567890', '18446744073709551615']) {
      const { rules, problems } = yaml(`  s: {F: ${number}}\n  condition: s\n`);
      deepEqual(problems, []);
      const found = JSON.stringify(rules);
      ok(found.includes(`"${number}"`), found);
    }
  });

  test('a time of day that there is not is refused', () => {
    for (const item of ['F|hour: 25', 'F|minute: 60', 'F|month|gt: 13', 'F|day: 1.5', 'F|week|lte: -1'])
      match(yaml(`  s: {${item}}\n  condition: s\n`).problems[0]?.detail ?? '', /from \d+ to \d+/, item);
    for (const item of ['F|hour|gte: 0', 'F|minute: 59', 'F|year: 2026'])
      deepEqual(yaml(`  s: {${item}}\n  condition: s\n`).problems, [], item);
  });

  test('a level that there is not is told of, and taken as medium', () => {
    const { rules, warnings } = yaml('  s: {F: 1}\n  condition: s\n', 'hi');
    equal(rules[0]?.level, 'medium');
    match(warnings.join(), /rule\.yml.*“hi”.*medium/);
    deepEqual(yaml('  s: {F: 1}\n  condition: s\n').warnings, []);
  });
});

describe('conditions', () => {
  const detection = (condition: string) => ({
    a: { F: '1' },
    b: { G: '1' },
    b_two: { H: '1' },
    _hidden: { I: '1' },
    condition,
  });
  const cases: readonly (readonly [condition: string, fields: Record<string, FieldValue>, fires: boolean])[] = [
    ['a or b and b_two', { F: '1' }, true],
    ['(a or b) and b_two', { F: '1' }, false],
    ['not a and b', { G: '1' }, true],
    ['1 of b*', { H: '1' }, true],
    ['all of b*', { H: '1' }, false],
    ['all of them', { F: '1', G: '1', H: '1' }, true],
    ['1 of them', { I: '1' }, false],
    ['2 of them', { F: '1', H: '1' }, true],
  ];
  for (const [condition, fields, wanted] of cases) {
    test(`${condition}: ${wanted ? 'holds' : 'does not hold'} on ${Object.keys(fields).join(', ')}`, () =>
      equal(fires(detection(condition), fields), wanted));
  }
});

describe('rules that cannot run say why', () => {
  const refused: readonly (readonly [what: string, doc: object, reason: string, detail: RegExp])[] = [
    ['an unknown modifier', ruleOf(selection({ 'F|sounds-like': 'a' })), 'bad-modifier', /sounds-like/],
    [
      'a placeholder that the site does not fill',
      ruleOf(selection({ 'F|expand': '%nobody%' })),
      'placeholder-unknown',
      /%nobody%/,
    ],
    ['a regular expression with look-ahead', ruleOf(selection({ 'F|re': '(?=a)b' })), 'regex-refused', /\(\?=/],
    [
      'the aggregation of Sigma 1 (house decision 9)',
      ruleOf({ ...selection({ F: 'a' }), condition: 'selection | count() > 5' }),
      'legacy-aggregation',
      /event_count/,
    ],
    ['a condition that names nothing', ruleOf({ a: { F: 'a' }, condition: 'b' }), 'bad-detection', /“b”/],
    ['a bracket that does not close', ruleOf({ a: { F: 'a' }, condition: '(a' }), 'bad-detection', /bracket/],
    ['no detection', { title: 'x', logsource: SOURCE }, 'no-detection', /detection/],
    [
      'a retired rule',
      { ...ruleOf(selection({ F: 'a' })), status: 'deprecated' },
      'deprecated',
      /--include-deprecated/,
    ],
  ];
  for (const [what, doc, reason, detail] of refused) {
    test(what, () => {
      const { rules, problems } = load(doc);
      equal(rules.length, 0);
      equal(problems[0]?.reason, reason);
      match(problems[0]?.detail ?? '', detail);
    });
  }
});

describe('log sources are enforced (house decision 8)', () => {
  const sysmon = { Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, Image: 'C:\\a.exe' };
  const windows = { product: 'windows', category: 'process_creation' };
  const cases: readonly (readonly [
    what: string,
    fields: Record<string, FieldValue>,
    says: LogSource,
    fires: boolean,
  ])[] = [
    ['process creation runs on Sysmon 1', sysmon, {}, true],
    ['the channel’s case does not matter', { ...sysmon, Channel: 'MICROSOFT-windows-sysmon/operational' }, {}, true],
    ['it does not run on Sysmon 3', { ...sysmon, EventID: 3 }, {}, false],
    [
      'it runs on Security 4688, whose image has another name',
      { Channel: 'Security', EventID: '4688', NewProcessName: 'C:\\a.exe' },
      {},
      true,
    ],
    ['a declaration counts where there is no channel', { Image: 'C:\\a.exe' }, windows, true],
    ['a declaration does not count where there is one', { ...sysmon, EventID: 3 }, windows, false],
    ['nothing runs on an event that says nothing', { Image: 'C:\\a.exe' }, {}, false],
  ];
  for (const [what, fields, says, wanted] of cases)
    test(what, () => equal(fires(selection({ 'Image|endswith': '\\a.exe' }), fields, says, windows), wanted));

  const built = { Channel: 'Security', EventID: 4688, NewProcessName: 'C:\\a.exe', ParentProcessName: 'c:\\A.exe' };
  test('a field that is compared with another is found under the names of either event', () => {
    const same = selection({ 'Image|fieldref': 'ParentImage' });
    equal(fires(same, { ...sysmon, ParentImage: 'C:\\A.exe' }, {}, windows), true);
    equal(fires(same, built, {}, windows), true);
    equal(fires(same, { ...built, ParentProcessName: 'C:\\b.exe' }, {}, windows), false);
  });

  test('what stands in the lines of an event’s data is told, and joined by, as what has a name', () => {
    const { rules } = load(
      ruleOf(selection({ 'HostApplication|contains': 'evil' }), { product: 'windows', category: 'ps_classic_start' }),
    );
    const fields: Fields = Object.assign(Object.create(null) as Fields, {
      Channel: 'Windows PowerShell',
      EventID: 400,
      Data: ['Available', 'xHostName=x HostName=ConsoleHost\r\n\tHostApplication=evil.exe -x\r\n'],
    });
    const told: (string | null)[] = [];
    new SigmaEngine(rules).judge(
      new FieldsView().show({
        record: 1,
        at: null,
        atText: null,
        zoneAssumed: false,
        logSource: {},
        fields,
        text: null,
      }),
      ({ value }) => told.push(value('HostApplication'), value('HostName'), value('nothing')),
    );
    deepEqual(told, ['evil.exe -x', 'ConsoleHost', null]);
  });

  test('a rule that excludes by a field which 4688 never has does not run on 4688', () => {
    const detection = {
      a: { 'Image|endswith': '\\a.exe' },
      filter: { ParentCommandLine: 'x' },
      condition: 'a and not filter',
    };
    equal(fires(detection, { Channel: 'Security', EventID: 4688, NewProcessName: 'C:\\a.exe' }, {}, windows), false);
    equal(fires(detection, sysmon, {}, windows), true);
  });
});

test('what could have fired is not forgotten, however many kinds of events arrive', () => {
  const windows = { product: 'windows', category: 'process_creation' };
  const engine = new SigmaEngine(load(ruleOf(selection({ Image: 'x' }), windows)).rules);
  const view = new FieldsView();
  const judge = (fields: Fields) =>
    engine.judge(
      view.show({ record: 1, at: null, atText: null, zoneAssumed: false, logSource: {}, fields, text: null }),
      () => undefined,
    );
  judge({ Channel: 'Security', EventID: 4688 });
  for (let id = 0; id < 20_001; id++) judge({ Channel: 'Odd', EventID: id });
  deepEqual(engine.coverage().couldFire, [0]);
});

describe('filters (house decision 1)', () => {
  const base = ruleOf(selection({ F: 'a' }));
  const filter = (condition: string) => ({
    title: 'f',
    logsource: SOURCE,
    filter: { rules: ['r'], selection: { G: 'b' }, condition },
  });

  test('are ANDed as written', () => {
    const { rules, warnings } = load(base, filter('not selection'));
    deepEqual(warnings, []);
    equal(rules[0]?.condition.op, 'and');
  });

  test('find a rule by its id in either case, and say so if there is none', () => {
    const id = '0b6e31c4-0000-4000-8000-0000000000ad';
    const naming = (...rules: string[]) => ({
      title: 'f',
      logsource: SOURCE,
      filter: { rules, selection: { G: 'b' }, condition: 'not selection' },
    });
    const { rules, warnings } = load({ ...base, id }, naming(id.toUpperCase()));
    equal(rules[0]?.condition.op, 'and');
    deepEqual(warnings, []);
    match(load(base, naming('r', 'zz')).warnings.join(), /“zz”/);
  });

  test('without a not are warned of', () => match(load(base, filter('selection')).warnings[0] ?? '', /not selection/));
});

test('a rule’s regular expression cannot stall the engine', () => {
  const started = performance.now();
  equal(fires(selection({ 'F|re': '^(a+)+$' }), { F: `${'a'.repeat(20_000)}b` }), false);
  equal(fires(selection({ 'F|re': '(a|a)*(a|a)*x' }), { F: 'a'.repeat(20_000) }), false);
  // A backtracking engine would need longer than the universe has been there.
  ok(performance.now() - started < 60_000);
});

describe('rules that are wrong are refused when they are read, and harm no other', () => {
  const broken: readonly (readonly [what: string, items: object])[] = [
    ['a network with too long a prefix', { 'F|cidr': '10.0.0.0/40' }],
    ['an IPv6 network with too long a prefix', { 'F|cidr': 'fe80::/129' }],
    ['an address that is none', { 'F|cidr': '999.1.1.1/8' }],
    ['an address that ends too early', { 'F|cidr': '10.0.0/8' }],
    ['a network without its prefix', { 'F|cidr': '10.0.0.0/' }],
    ['null in a list', { F: ['a', null] }],
    ['two places', { 'F|contains|startswith': 'a' }],
    ['exists with two answers', { 'F|exists': [true, false] }],
    ['fieldref to a number', { 'F|fieldref': 5 }],
    ['placeholders in a regular expression', { 'F|re|expand': '%tools%' }],
    ['placeholders in the name of a field', { 'F|fieldref|expand': '%tools%' }],
    ['a repeat that engines read unlike each other', { 'F|re': 'ax{,3}b' }],
    ['an encoding after base64', { 'F|base64offset|wide|contains': 'http' }],
    ['a comparison with a place', { 'F|gt|contains': 5 }],
    ['existence with a place', { 'F|exists|contains': true }],
    ['two parts of a time', { 'F|hour|minute': 5 }],
    ['a network with dashes', { 'F|cidr|windash': '10.0.0.0/8' }],
  ];
  for (const [what, items] of broken) {
    test(what, () => {
      const { rules, problems } = load({ ...ruleOf(selection(items)), id: 'broken' }, ruleOf(selection({ F: 'a' })));
      deepEqual(
        rules.map(({ id }) => id),
        ['r'],
      );
      deepEqual(
        problems.map(({ id }) => id),
        ['broken'],
      );
    });
  }
});

test('a rule that grows beyond reason when it is read is refused, and anchors in circles end', () => {
  const selections = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`s${i}`, { F: `v${i}` }]));
  const values = { s: { 'F|contains': Array.from({ length: 5000 }, (_, i) => `v${i}`) } };
  for (const detection of [
    { ...selections, condition: Array(1200).fill('6 of them').join(' or ') },
    { ...values, condition: Array(3000).fill('s').join(' or ') },
  ]) {
    const [problem] = load(ruleOf(detection)).problems;
    match(problem?.detail ?? '', /too often/);
  }
  const circle = 'detection: &d {x: *d}\n';
  const text = `action: global\n${circle}---\naction: repeat\n${circle}---\naction: repeat\n${circle}`;
  const { problems } = loadRuleTexts([{ path: 'rule.yml', text }], options);
  deepEqual(
    problems.map(({ reason }) => reason),
    ['no-logsource', 'no-logsource'],
  );
});

test('a selection with nothing in it, or a keyword that is empty, is refused', () => {
  for (const nothing of [null, '', [''], ['a', null], { '|all': ['a', ''] }]) {
    const { problems } = load(ruleOf({ selection: nothing, condition: 'not selection' }));
    equal(problems[0]?.reason, 'bad-detection', JSON.stringify(nothing));
  }
});

describe('a regular expression means the same on either engine', () => {
  const cases: readonly (readonly [source: string, text: string, holds: boolean])[] = [
    ['(?P<x>a)', 'a', true],
    ['(?P<x>a)|(?P<y>b)', 'b', true],
    ['(?<x>a)', 'a', true],
    ['\\pL', 'é', true],
    ['\\pL', 'pL', true],
    ['^\\pL$', 'pL', false],
    ['\\p{Greek}', 'α', true],
    ['^.$', '😀', true],
    ['^[^a]$', '😀', true],
    ['^[[:alpha:]]$', 'x', true],
    ['\\x{41}', 'A', true],
    ['\\x41', 'A', true],
    ['a\\.b\\-c', 'a.b-c', true],
    ['\\\\Users\\\\p', 'C:\\Users\\p', true],
    // A carriage return is a character like any other and ends no line; a vertical tab is no space.
    ['a.b', 'a\rb', true],
    ['(?m)a$', 'a\rb', false],
    ['a\\sb', 'a\vb', false],
    ['ab😀?', 'ab', true],
    ['(?i)mi\u017fs', 'MISS', true],
    ['(?i)miss', 'mi\u017fs', true],
  ];
  for (const [source, text, holds] of cases)
    test(`${source} on ${text}`, () => equal(fires(selection({ 'F|re': source }), { F: text }), holds));
});

test('neq to a field that is not there is false, as to a value', () => {
  equal(fires(selection({ 'F|fieldref|neq': 'G' }), { F: 'a' }), false);
  equal(fires(selection({ 'F|fieldref|neq': 'G' }), { F: 'a', G: 'b' }), true);
  equal(fires(selection({ 'F|fieldref|neq': 'G' }), { F: 'a', G: 'a' }), false);
});

describe('correlations', () => {
  const joins = (id: string, ...rules: string[]) => ({
    title: id,
    id,
    correlation: { type: 'temporal', rules, timespan: '5m' },
  });
  const UPPER = '0B6E31C4-0000-4000-8000-0000000000AD';

  test('that join a rule which is missing, retired, refused or themselves cannot run, nor can what joins those', () => {
    const { correlations, problems } = load(
      ruleOf(selection({ F: 'a' })),
      { ...ruleOf(selection({ F: 'a' })), id: 'old', status: 'deprecated' },
      { ...ruleOf(selection({ 'F|re': '(a)\\1' })), id: 'refused' },
      joins('fit', 'r'),
      joins('to-nothing', 'r', 'zz'),
      joins('to-itself', 'to-itself'),
      joins('to-old', 'old'),
      joins('to-refused', 'refused'),
      joins('to-a-broken-one', 'to-nothing'),
    );
    deepEqual(
      correlations.map(({ id }) => id),
      ['fit'],
    );
    deepEqual(
      problems.filter(({ reason }) => reason === 'missing-rule').map(({ id }) => id),
      ['to-nothing', 'to-itself', 'to-old', 'to-refused', 'to-a-broken-one'],
    );
  });

  test('whose condition cannot be met, or names another rule, cannot run; an alias of another rule is told of', () => {
    const a = ruleOf(selection({ F: 'a' }));
    const whose = (section: object) =>
      load(
        a,
        { ...a, id: 'b' },
        { title: 'c', id: 'c', correlation: { rules: ['r', 'b'], timespan: '1m', ...section } },
      );
    const refused: readonly (readonly [section: object, detail: RegExp])[] = [
      [{ type: 'temporal', condition: 'r and not zz' }, /“zz”/],
      [{ type: 'temporal_ordered', condition: { gte: 1 } }, /use temporal/],
      [{ type: 'temporal_ordered', condition: 'r and not b' }, /use temporal/],
      [{ type: 'event_count', condition: { gte: 100_001 } }, /100,000/],
    ];
    for (const [section, detail] of refused) match(whose(section).problems[0]?.detail ?? '', detail);
    for (const condition of [{ gte: 2 }, 'r and b'])
      deepEqual(whose({ type: 'temporal_ordered', condition }).problems, []);
    match(whose({ type: 'temporal', aliases: { who: { zz: 'u' } } }).warnings.join(), /“who” names “zz”/);
  });

  test('find a rule by its id in either case', () => {
    const { correlations } = load({ ...ruleOf(selection({ F: 'a' })), id: UPPER }, joins('c', UPPER.toLowerCase()));
    let matches = 0;
    const correlator = new Correlator<number>(correlations, () => matches++);
    correlator.push({ ruleId: UPPER, ruleName: null, at: 0, event: 1, fields: {}, reference: 1 });
    equal(matches, 1);
  });
});
