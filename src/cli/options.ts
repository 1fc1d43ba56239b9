import { parseArgs } from 'node:util';
import { Refusal } from '../core/refusal.ts';

/** One option of a verb, as `--help` shows it. */
export interface OptionHelp {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What its value is: `LEVEL`. */
  readonly value?: string;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, OptionHelp>>;

/** What was given: an option that was not is absent. */
export interface Given {
  readonly paths: readonly string[];
  readonly text: (name: string) => string | null;
  readonly texts: (name: string) => readonly string[];
  readonly flag: (name: string) => boolean;
}

/** @throws Refusal naming the option that is not one, or lacks its value */
export function readOptions(verb: string, table: OptionTable, args: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { type, multiple, short }]) => [
      name,
      { type, multiple: multiple ?? false, ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const list = (name: string): readonly string[] => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
    };
    return {
      paths: positionals,
      text: (name) => list(name).at(-1) ?? null,
      texts: list,
      flag: (name) => values[name] === true,
    };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : '';
    throw new Refusal('usage/bad-option', `wardwatch ${verb}: ${message}`);
  }
}

/** @throws Refusal unless the text is one of the words */
export function oneOf<Word extends string>(
  option: string,
  text: string | null,
  words: readonly Word[],
  fallback: Word,
): Word {
  if (text === null) return fallback;
  const found = words.find((word) => word === text.toLowerCase());
  if (found === undefined)
    throw new Refusal('usage/bad-option', `${option} is one of ${words.join(', ')}, not “${text}”`);
  return found;
}

/** @throws Refusal unless the text is a whole number in the range */
export function wholeNumber(option: string, text: string | null, min: number, max: number, fallback: number): number {
  if (text === null) return fallback;
  const number = Number(text);
  if (!Number.isInteger(number) || number < min || number > max || text.trim() === '') {
    throw new Refusal('usage/bad-option', `${option} is a whole number from ${min} to ${max}, not “${text}”`);
  }
  return number;
}

export interface VerbHelp {
  readonly usage: string;
  readonly what: string;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [command: string, what: string])[];
}

const WIDTH = 34;

export function helpText({ usage, what, options, examples }: VerbHelp): string {
  const lines = [`Usage: wardwatch ${usage}`, '', what, '', 'Options'];
  for (const [name, { short, value, help }] of Object.entries(options)) {
    const left = `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    lines.push(left.length < WIDTH - 1 ? `${left.padEnd(WIDTH)}${help}` : `${left}\n${' '.repeat(WIDTH)}${help}`);
  }
  lines.push('', 'Examples', ...examples.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`]));
  lines.push('', IN_A_CLONE);
  return `${lines.join('\n')}\n`;
}

/** A newcomer has no command of that name. */
export const IN_A_CLONE = 'In a clone of the repository, write “npm start --” for “wardwatch”.';
