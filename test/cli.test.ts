/** The command line as a person or a script meets it: the real program, in its own process. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-cli-'));

function wardwatch(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, WARDWATCH_CACHE: path.join(folder, 'cache'), NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

function file(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return name;
}

const sysmon = (second: number, image: string, command: string) =>
  JSON.stringify({
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 1,
    EventRecordID: 7,
    Computer: 'ward7-pc',
    User: 'RX1\\jsmith',
    UtcTime: `2026-11-02 02:14:${String(second).padStart(2, '0')}.000`,
    Image: image,
    CommandLine: command,
  });
const attack = file(
  'attack.json',
  `${sysmon(1, 'C:\\Windows\\System32\\vssadmin.exe', 'vssadmin delete shadows /all')}\n\n${sysmon(5, 'C:\\Windows\\System32\\wevtutil.exe', '=wevtutil cl Security')}\n`,
);
const quiet = file('quiet.json', `${sysmon(1, 'C:\\Windows\\System32\\notepad.exe', 'notepad')}\n`);
const high = file('high.json', `${sysmon(5, 'C:\\Windows\\System32\\wevtutil.exe', 'wevtutil cl Security')}\n`);
const broken = file('broken.json', `${sysmon(1, 'C:\\a.exe', 'a')}\n{"EventID": 1,\n`);

describe('scan', () => {
  test('tells the story: what, where, who, when, what to do, what could not be seen', () => {
    const { status, stdout, stderr } = wardwatch('scan', attack);
    equal(status, 0);
    equal(stderr, '');
    match(stdout, /SIGNS OF AN ATTACK/);
    match(stdout, /ward7-pc/);
    match(stdout, /RX1\\jsmith/);
    match(stdout, /2 November 2026, 2:14:01am/);
    match(stdout, /What to do now/);
    match(stdout, /What these logs could not have shown/);
  });

  test('reads a folder of odd things: nothing twice, nothing left out without a word', () => {
    const dir = path.join(folder, 'odd');
    mkdirSync(path.join(dir, 'in'), { recursive: true });
    copyFileSync(path.join(folder, attack), path.join(dir, 'in', 'a\nb.json'));
    symlinkSync('../in', path.join(dir, 'in', 'loop'));
    symlinkSync('a\nb.json', path.join(dir, 'in', 'again.json'));
    symlinkSync('nowhere', path.join(dir, 'in', 'lost'));
    symlinkSync('/dev/zero', path.join(dir, 'in', 'zero'));
    const { status, stdout, stderr } = wardwatch('scan', 'odd', 'odd/in', '--format', 'ndjson', '--show-set-aside');
    equal(status, 3);
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; source: { path: string } });
    equal(new Set(findings.map(({ id }) => id)).size, findings.length, 'each finding once');
    ok(findings.length > 0 && findings.every(({ source }) => source.path === 'odd/in/a\nb.json'));
    match(stderr, /odd\/in\/lost: not-readable/);
    match(stderr, /odd\/in\/zero: not-a-file/);
    ok(!stderr.includes('\u001b'));
  });

  test('writes findings as the contract says, with physical line numbers', () => {
    const { stdout } = wardwatch('scan', attack, '--format', 'ndjson');
    const findings = stdout
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            schema: string;
            id: string;
            kind: string;
            at: string;
            source: object;
            entities: object;
            level: string;
            evidence: unknown[];
          },
      );
    ok(findings.length >= 3);
    for (const finding of findings) {
      equal(finding.schema, 'wardwatch.finding/1');
      match(finding.id, /^fnd_[0-9a-f]{20}$/);
      ok(finding.evidence.length > 0);
    }
    const last = findings.find(({ at }) => at === '2026-11-02T02:14:05.000Z');
    deepEqual(last?.source, { path: 'attack.json', record: 3, eventRecordId: 7 });
    deepEqual(last?.entities, { host: 'ward7-pc', account: 'RX1\\jsmith' });
    ok(findings.some(({ kind }) => kind === 'correlation'));
    deepEqual(wardwatch('scan', attack, '--format', 'ndjson', '--threads', '1').stdout, stdout);
  });

  test('writes csv that no spreadsheet runs, and a timeline in order', () => {
    const { stdout } = wardwatch('scan', attack, '--format', 'csv');
    match(stdout, /^at,level,kind,ruleId,title,host,account,path,record,plain\n/);
    const times = wardwatch('scan', attack, '--format', 'timeline')
      .stdout.split('\n')
      .slice(1, -1)
      .map((line) => line.split(',')[0] ?? '');
    deepEqual(times, [...times].sort());
  });

  test('writes to a file whole or not at all', () => {
    equal(wardwatch('scan', attack, '--format', 'html', '-o', 'report.html').stdout, '');
    match(readFileSync(path.join(folder, 'report.html'), 'utf8'), /<\/html>\n$/);
    equal(wardwatch('scan', attack, '-o', 'no/such/folder/report.html').status, 2);
  });

  test('writes into a pipe, and through a link, without taking their place', () => {
    file('old.html', 'old');
    symlinkSync('old.html', path.join(folder, 'link.html'));
    equal(wardwatch('scan', attack, '--format', 'html', '-o', 'link.html').status, 0);
    match(readFileSync(path.join(folder, 'old.html'), 'utf8'), /<\/html>\n$/);
    const command = `mkfifo pipe && { cat pipe > got & } && "${process.execPath}" "${MAIN}" scan ${attack} -o pipe; [ -p pipe ] && wait`;
    equal(spawnSync('sh', ['-c', command], { cwd: folder }).status, 0);
    match(readFileSync(path.join(folder, 'got'), 'utf8'), /SIGNS OF AN ATTACK/);
  });

  test('says in words that a disk is full, and needs nobody who reads its remarks', {
    skip: existsSync('/dev/full') ? false : 'there is no /dev/full',
  }, () => {
    const run = (redirection: string) =>
      spawnSync('sh', ['-c', `"${process.execPath}" "${MAIN}" scan ${broken} --show-set-aside ${redirection}`], {
        encoding: 'utf8',
        cwd: folder,
      });
    const full = run('> /dev/full');
    equal(full.status, 2);
    match(full.stderr, /no space is left/);
    for (const unread of ['2> /dev/full', '2>&-']) {
      const { status, stdout } = run(unread);
      equal(status, 3, unread);
      match(stdout, /What was read/, unread);
    }
  });

  test('shows nothing that a terminal would obey, whatever logs and rules hold', () => {
    const evil = '\u001b]0;x\u0007\u009b31m\u202e\r';
    const log = file(
      'evil.json',
      `${JSON.stringify({ ...JSON.parse(sysmon(1, 'C:\\Windows\\System32\\vssadmin.exe', 'vssadmin delete shadows')), Computer: `=1${evil}pc` })}\n{"a":\n`,
    );
    const rule = file(
      'evil.yml',
      `title: ${JSON.stringify(`t${evil}`)}\nid: e\nlevel: ${JSON.stringify(`l${evil}`)}\nlogsource: {product: windows}\ndetection: {s: {F: x}, condition: s}\n`,
    );
    const runs = [
      ...['story', 'csv', 'timeline', 'html', 'ndjson'].map((format) => [
        'scan',
        log,
        '--rules',
        rule,
        '--format',
        format,
      ]),
      ['rules', 'check', rule],
      ['rules', 'list', rule],
      ['rules', 'explain', 'e', rule],
    ];
    for (const args of runs) {
      const { stdout, stderr } = wardwatch(...args, ...(args[0] === 'scan' ? ['--show-set-aside'] : []));
      ok(stdout !== '');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      if (!args.includes('ndjson')) equal(/[\u001b\u0007\u009b\u202e\r]/.exec(stdout + stderr), null, args.join(' '));
    }
  });

  test('without a rule that can run it says so, and does not call a log quiet', () => {
    const rule = file('refused.yml', 'title: r\nlogsource: {product: linux}\ndetection: {s: {F|x: y}, condition: s}\n');
    const { status, stdout, stderr } = wardwatch('scan', attack, '--no-own-rules', '--rules', rule);
    deepEqual([status, stdout], [2, '']);
    match(stderr, /none of the 1 rules there can run/);
    match(wardwatch('scan', attack, '--rules', rule, '--format', 'ndjson').stderr, /1 rule cannot run/);
  });

  const verdicts: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    [
      'nothing was found, yet not all was read',
      ['scan', broken],
      /NOTHING SUSPICIOUS[^.]* but 1 item could\s+not be read/,
    ],
    [
      'no rule is for such events',
      ['scan', file('odd.json', '{"colour":"red"}\n{"colour":"blue"}\n')],
      /NOTHING COULD BE JUDGED/,
    ],
    ['what was found is not shown', ['scan', high, '--min-level', 'critical'], /below the level\s+that was asked for/],
  ];
  for (const [what, args, says] of verdicts)
    test(`the story is no all-clear where ${what}`, () => match(wardwatch(...args).stdout, says));

  const codes: readonly (readonly [what: string, args: readonly string[], code: number, says: RegExp])[] = [
    ['0 for a quiet log', ['scan', quiet], 0, /NOTHING SUSPICIOUS/],
    [
      '1 for a finding at or above --fail-on, though --min-level hides it',
      ['scan', attack, '--fail-on', 'high', '--min-level', 'critical'],
      1,
      /./,
    ],
    ['0 below --fail-on', ['scan', quiet, '--fail-on', 'low'], 0, /./],
    ['3 when input was set aside', ['scan', broken], 3, /SET ASIDE/],
    ['1 before 3', ['scan', attack, broken, '--fail-on', 'high'], 1, /./],
    ['2 for a path that is not there', ['scan', 'nowhere'], 2, /there is nothing of that name/],
    ['2 for an unknown option', ['scan', quiet, '--colour'], 2, /--colour/],
    ['2 for an unknown level', ['scan', quiet, '--min-level', 'loud'], 2, /informational, low/],
    ['2 for an unknown verb', ['dance'], 2, /dance/],
    ['2 for a zone that is none', ['scan', quiet, '--timezone', 'Mars/Olympus'], 2, /Europe\/London/],
    ['0 for help', ['scan', '--help'], 0, /Examples/],
  ];
  for (const [what, args, code, says] of codes) {
    test(`ends with ${what}`, () => {
      const { status, stdout, stderr } = wardwatch(...args);
      equal(status, code, stderr);
      match(stdout + stderr, says);
    });
  }

  test('lists what was set aside, with its line, on standard error', () => {
    match(wardwatch('scan', broken, '--show-set-aside').stderr, /broken\.json, record 2: bad-json/);
  });

  test('--as declares what the input does not say', () => {
    const bare = file(
      'bare.json',
      '{"Image":"C:\\\\Windows\\\\System32\\\\vssadmin.exe","CommandLine":"vssadmin delete shadows","EventID":1}\n',
    );
    equal(wardwatch('scan', bare, '--format', 'ndjson').stdout, '');
    for (const bad of ['windows/', '/sysmon', 'a/b/c']) equal(wardwatch('scan', bare, '--as', bad).status, 2, bad);
    match(wardwatch('scan', bare, '--format', 'ndjson', '--as', 'windows/sysmon').stdout, /wardwatch\.finding/);
    match(
      wardwatch('scan', bare, '--format', 'ndjson', '--as', 'windows/process_creation').stdout,
      /wardwatch\.finding/,
    );
  });
});

test('scan reads a CSV as its mapping file says', () => {
  file(
    'epr.csv',
    'When,Who,Whom,How,Result\n02/11/2026,u1,p1,x,success\n2026-11-02 02:14:00,u1,p-0001,Export,Success\n',
  );
  file(
    'epr.yml',
    'columns: [When, Who, Whom]\nproduct: clinical\ncategory: record_access\ntime: When\nfields:\n  Who: user\n  Whom: patient\n  How: action\n  Result: outcome\n',
  );
  const { stdout } = wardwatch('scan', 'epr.csv', '--mapping', 'epr.yml', '--format', 'ndjson');
  match(stdout, /"title":"Patient Records Were Exported".*"at":"2026-11-02T02:14:00.000Z".*"record":3/);
  match(wardwatch('scan', 'epr.csv', '--mapping', 'epr.csv').stderr, /mapping file/);
});

test('npm start reads a path from where it was typed', () => {
  file('typed.json', sysmon(1, 'C:\\a.exe', 'a.exe'));
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, '..', 'scripts', 'start.mjs'), 'scan', 'typed.json'],
    {
      encoding: 'utf8',
      cwd: path.join(import.meta.dirname, '..'),
      env: {
        ...process.env,
        INIT_CWD: folder,
        npm_lifecycle_event: 'start',
        WARDWATCH_CACHE: path.join(folder, 'cache'),
      },
    },
  );
  equal(status, 0, stderr);
});

test('--version prints the version alone', () => match(wardwatch('--version').stdout, /^\d+\.\d+\.\d+\n$/));

test('rules check says of every rule whether it runs, and why not', () => {
  file(
    'bad.yml',
    'title: Bad one\nid: b\nlogsource:\n  product: windows\n  service: security\ndetection:\n  s:\n    F|sounds-like: a\n  condition: s\n',
  );
  file(
    'exotic.yml',
    'title: Exotic\nid: e\nlogsource:\n  product: toaster\ndetection:\n  s:\n    F: a\n  condition: s\n',
  );
  const { stdout, status } = wardwatch('rules', 'check', 'bad.yml', 'exotic.yml');
  equal(status, 0);
  match(stdout, /2 rules: 0 can run, 2 cannot/);
  match(stdout, /bad-modifier: 1 rule\n {2}A modifier stands after the field/);
  match(stdout, /logsource-not-mapped/);
});

test('rules update replaces rules, and never anything else', () => {
  const rule = file(
    'one.yml',
    'title: One\nid: o\nlogsource: {product: linux}\ndetection: {s: {F: a}, condition: s}\n',
  );
  const archive = (...names: string[]) => {
    equal(spawnSync('tar', ['-czf', 'rules.tgz', ...names], { cwd: folder }).status, 0);
    return 'rules.tgz';
  };
  equal(wardwatch('rules', 'update', '--from', archive(rule), '--to', 'got-rules').status, 0);
  file('two.yml', 'title: Two\n');
  equal(wardwatch('rules', 'update', '--from', archive('two.yml'), '--to', 'got-rules').status, 0);
  deepEqual(readdirSync(path.join(folder, 'got-rules')), ['two.yml']);
  const home = path.join(folder, 'home');
  mkdirSync(home);
  writeFileSync(path.join(home, 'letters.txt'), 'dear');
  const { status, stderr } = wardwatch('rules', 'update', '--from', archive(rule), '--to', 'home');
  equal(status, 2);
  match(stderr, /holds other things than rules/);
  deepEqual(readdirSync(home), ['letters.txt']);
});

test('rules explain says in plain words what a rule means', () => {
  const id = /^([0-9a-f-]{36})/m.exec(wardwatch('rules', 'list').stdout)?.[1] ?? '';
  match(wardwatch('rules', 'explain', id).stdout, /What it means: /);
});

test('a scan with a folder that holds no rules says so', () => {
  mkdirSync(path.join(folder, 'no-rules'), { recursive: true });
  file('quiet.json', sysmon(1, 'C:\\a.exe', 'a.exe'));
  match(wardwatch('scan', 'quiet.json', '--rules', 'no-rules').stderr, /--rules no-rules holds no rules/);
});

test('rules check says where YAML breaks and how it is mended, and what is alike once', () => {
  file('tab.yml', 'title: Tab\nlogsource:\n\tproduct: windows\n');
  const exotic = (name: string) =>
    `title: ${name}\nid: ${name}\nlogsource:\n  product: toaster\ndetection:\n  s:\n    F: a\n  condition: s\n`;
  file('one.yml', exotic('one'));
  file('two.yml', exotic('two'));
  const { stdout } = wardwatch('rules', 'check', 'tab.yml', 'one.yml', 'two.yml');
  match(stdout, /Indent by spaces[^\n]*\n {2}· [^\n]*, line 3, column 1\n {6}tab\.yml\n/);
  match(stdout, /“toaster”[^\n]*\n {6}one\.yml “one”\n {6}two\.yml “two”\n/);
});

test('rules check of a folder without rules is refused, not 0 of 0', () => {
  mkdirSync(path.join(folder, 'no-rules'), { recursive: true });
  const { stderr, status } = wardwatch('rules', 'check', 'no-rules');
  equal(status, 2);
  match(stderr, /no-rules: no rule in it/);
});

for (const [what, named, said] of [
  ['the beginning of its id', 'f26dd23d', /^Snapshots For Recovery Were Deleted\n/],
  [
    'its title',
    'snapshots for recovery were deleted',
    /f26dd23d-[^]*What it means: Someone on a machine told[^]*unplug the machine from the network/,
  ],
] as const)
  test(`rules explain finds a rule by ${what}`, () => match(wardwatch('rules', 'explain', named).stdout, said));

test('rules explain of a rule that there is not says how to find it', () =>
  match(wardwatch('rules', 'explain', 'nothing').stderr, /“rules list” prints ids and titles/));

describe('refuses, in words and not as a bug of ours', () => {
  const beside = path.join(folder, 'beside');
  mkdirSync(beside);
  symlinkSync('circle', path.join(beside, 'circle'));
  writeFileSync(path.join(beside, 'a-file'), 'x');
  const inside = (name: string) => path.join(beside, name);
  for (const [what, args, said] of [
    ['a link that leads to itself', ['records', 'mapping', inside('circle')], /leads to itself/],
    ['a data folder that is a file', ['people', 'list', '--data', inside('a-file')], /no data folder of a service/],
    ['a service in a file', ['serve', '--data', inside('a-file'), '--listen', '127.0.0.1:0'], /is there already/],
    [
      'an address that is none',
      ['serve', '--data', inside('s'), '--keys', inside('k'), '--listen', 'no.such.invalid:1'],
      /cannot listen/,
    ],
    ['relationships that are a file', ['serve', '--relationships', inside('a-file')], /there is no folder/],
    ['a folder that was mistyped', ['tokens', 'add', '--role', 'analyst', '--data', inside('typo')], /no data folder/],
    ['a list from a folder that was mistyped', ['sources', 'list', '--data', inside('typo')], /no data folder/],
    ['a demonstration of something', ['demo', 'logs.zip'], /takes no “logs.zip”/],
    ['a name that would paint the terminal', ['rules', 'explain', '\u001b[31m\u202Ered'], /“ \[31m red”/],
  ] as const)
    test(what, () => {
      const { status, stdout, stderr } = wardwatch(...args);
      deepEqual([status, stdout], [2, ''], stderr);
      match(stderr, said);
      equal(existsSync(inside('typo')), false, 'nothing is made');
    });

  test('a file that this account may not read costs itself alone', {
    skip: process.getuid?.() === 0 ? 'root may read everything' : false,
  }, () => {
    const dir = path.join(folder, 'some-secret');
    mkdirSync(dir);
    copyFileSync(path.join(folder, attack), path.join(dir, 'a.json'));
    copyFileSync(path.join(folder, attack), path.join(dir, 'secret.json'));
    chmodSync(path.join(dir, 'secret.json'), 0o000);
    const { status, stdout } = wardwatch('scan', dir, '--show-set-aside');
    equal(status, 3);
    match(stdout, /SIGNS OF AN ATTACK/);
  });
});
