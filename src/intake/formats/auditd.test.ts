import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { auditd } from './auditd.ts';
import { readPieces } from './format-contract.ts';

const head = (type: string) => `type=${type} msg=audit(1364481363.243:24287): `;
const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
const many = Array.from({ length: 400 }, (_, i) => `a${i}="w${i}"`);
const lines: readonly (readonly [what: string, records: readonly string[], commandLine: string])[] = [
  ['by itself', [`${head('EXECVE')}argc=2 a0="cat" a1=2F62`], 'cat /b'],
  [
    'of which one argument is long, and in pieces',
    [`${head('EXECVE')}argc=3 a0="sh" a1_len=20 a1[0]=${hex('echo ')} a1[1]=${hex('evil')} a2="x"`],
    'sh echo evil x',
  ],
  [
    'whose pieces are in records that follow',
    [
      `${head('SYSCALL')}syscall=59 a0=7f a1=2 exe="/bin/sh"`,
      `${head('EXECVE')}argc=2 a0="sh" a1_len=20 a1[0]=${hex('echo ')}`,
      `${head('EXECVE')}a1[1]=${hex('evil')}`,
    ],
    'sh echo evil',
  ],
  ['whose pieces are in quotes', [`${head('EXECVE')}argc=2 a0="sh" a1_len=9 a1[0]="ev" a1[1]="il"`], 'sh evil'],
  ['with many arguments', [`${head('EXECVE')}argc=400 ${many.join(' ')}`], many.map((_, i) => `w${i}`).join(' ')],
  ['that says it has more than it has', [`${head('EXECVE')}argc=4000000000 a0="cat"`], 'cat'],
];
for (const [what, records, commandLine] of lines)
  test(`auditd: a command ${what} is whole`, () => {
    const { events, aside } = readPieces(auditd, [`${records.join('\n')}\n`]);
    equal(events[0]?.fields['CommandLine'], commandLine);
    equal(aside.length, 0);
  });
