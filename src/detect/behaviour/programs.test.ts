import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { programOf, Programs, type SavedPrograms } from './programs.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 2);

/** Ward machines, offices and servers, each with thirty programs of its kind and ten that all have. */
function twoWeeks(): Programs {
  const programs = new Programs();
  for (let day = 0; day < 14; day++)
    for (const [kind, machines] of [
      ['ward', 40],
      ['office', 30],
      ['server', 10],
    ] as const)
      for (let machine = 0; machine < machines; machine++) {
        const at = START + day * DAY + machine * 1000;
        for (let i = 0; i < 30; i++)
          programs.see(
            {
              host: `${kind}${machine}`,
              image: `C:\\${kind}\\program-${'abcdefghij'.charAt(i % 10)}${'xyz'.charAt(i / 10)}.exe`,
            },
            at,
          );
        for (const each of 'abcdefghij')
          programs.see({ host: `${kind}${machine}`, image: `C:\\Windows\\${each}.exe` }, at);
      }
  return programs;
}

const NOW = START + 14 * DAY;
const cases: readonly (readonly [what: string, host: string, image: string, found: object | null])[] = [
  ['a program that the machine runs every day', 'ward1', 'C:\\Windows\\a.exe', null],
  [
    'one that nobody has run',
    'ward1',
    'C:\\Temp\\tool.exe',
    { kind: 'unseen', program: 'c:\\temp\\tool.exe', peers: 39, having: 0 },
  ],
  [
    'one that all servers run, on a ward’s machine',
    'ward1',
    'C:\\server\\program-ax.exe',
    { kind: 'rare', program: 'c:\\server\\program-ax.exe', peers: 39, having: 0 },
  ],
  ['a newcomer’s first day', 'new', 'C:\\Temp\\tool.exe', null],
];
for (const [what, host, image, found] of cases)
  test(`${what}: ${found === null ? 'nothing is said' : 'notable'}`, () =>
    deepEqual(twoWeeks().see({ host, image }, NOW), found));

test('what one machine in twenty of its kind runs is nothing to speak of any more', () => {
  const programs = twoWeeks();
  const notable = Array.from({ length: 10 }, (_, i) =>
    programs.see({ host: `ward${i}`, image: 'C:\\Program Files\\New\\new.exe' }, NOW + i * HOUR),
  ).map((found) => found?.kind ?? null);
  deepEqual(notable, ['unseen', 'rare', ...new Array<null>(8).fill(null)]);
});

test('a machine that makes names up teaches no more than 200 a day, and its memory stays bounded', () => {
  const programs = twoWeeks();
  const names = Array.from({ length: 3000 }, (_, i) =>
    i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit))),
  );
  for (const [i, name] of names.entries()) programs.see({ host: 'ward1', image: `C:\\Temp\\${name}.exe` }, NOW + i);
  const [, numbers] = programs.save().machines.find(([host]) => host === 'ward1') ?? [];
  ok((numbers?.length ?? 0) <= 240, String(numbers?.length));
});

test('when the table of names is full, rare ones are forgotten and common ones are not', () => {
  const programs = twoWeeks();
  const letters = (i: number) =>
    i
      .toString(16)
      .split('')
      .map((digit) => 'ghijklmnopqrstuv'.charAt(parseInt(digit, 16)))
      .join('');
  for (let i = 0; i < 70_000; i++)
    programs.see({ host: 'ward1', image: `C:\\Temp\\${letters(i)}.exe` }, NOW + Math.floor(i / 100) * DAY);
  ok(programs.save().names.length <= 65_000);
  equal(programs.see({ host: 'ward2', image: 'C:\\Windows\\a.exe' }, NOW + DAY), null);
});

test('a restart in the middle changes nothing', () => {
  const whole = twoWeeks();
  const restored = Programs.from(JSON.parse(JSON.stringify(twoWeeks().save())) as SavedPrograms);
  for (let day = 14; day < 17; day++)
    for (const host of ['ward1', 'ward2', 'server1', 'office9'])
      for (const image of ['C:\\Temp\\tool.exe', 'C:\\server\\program-by.exe', 'C:\\ward\\program-by.exe']) {
        const at = START + day * DAY;
        deepEqual(restored.see({ host, image }, at), whole.see({ host, image }, at));
      }
  deepEqual(restored.save(), whole.save());
});

for (const [image, program] of [
  [
    'C:\\Users\\Kim\\AppData\\Local\\Temp\\GUM1A2B.tmp\\Setup-4.2.exe',
    'c:\\users\\*\\appdata\\local\\temp\\gum#a#b.tmp\\setup-#.#.exe',
  ],
  ['\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe', 'c:\\windows\\system#\\cmd.exe'],
  ['C:\\ProgramData\\{90160000-008C-0000-0000-0000000FF1CE}\\x.exe', 'c:\\programdata\\{*}\\x.exe'],
  ['/home/kim/bin/run', '/home/*/bin/run'],
  ['C:\\Windows\\Temp\\deadbeef01234567.exe', 'c:\\windows\\temp\\*.exe'],
] as const)
  test(`${image} is ${program}`, () => equal(programOf(image), program));
