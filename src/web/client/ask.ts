import type { Api } from './api.ts';
import { heardTime } from './clock.ts';

export type Question = keyof Api;
export type Answer<Name extends Question> = Api[Name]['answer'];
export type Input<Name extends Question> = Api[Name]['input'];

/** Why there is no answer, in words for a person. */
export class Problem extends Error {
  override name = 'Problem';
  /** As `incidents/not-now`; `web/unreachable` if the service did not answer. */
  readonly code: string;
  /** What to do. */
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(sentence(message));
    this.code = code;
    this.hint = hint;
  }
}

/** The service's words as the sentence they are on a page, where more may follow. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:…]$/.test(begun) ? begun : `${begun}.`;
}

/** Who makes the page ask. What it asks by itself, to be up to date, does not keep a session alive. */
export type Asker = 'page' | 'background';

/** Somebody with an account. */
export type Person = NonNullable<Answer<'GET /api/v1/session'>['person']>;

/** Anything thrown, in words. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('web/bug', 'The page itself has a fault.', 'Reload it. If it goes on, report it.');
}

/**
 * Asks the service. Addresses are relative to the page’s own, so that it works under any path.
 *
 * @throws Problem
 */
export async function ask<Name extends Question>(
  name: Name,
  input: Input<Name>,
  signal?: AbortSignal,
  asker: Asker = 'page',
): Promise<Answer<Name>> {
  const response = await send(name, input, asker, signal);
  return (await response.json()) as Answer<Name>;
}

/** As `ask`, of an answer that is one JSON object a line. */
export async function askLines<Line>(
  name: 'GET /api/v1/events' | 'GET /api/v1/scope',
  input: Input<typeof name>,
  signal?: AbortSignal,
): Promise<readonly Line[]> {
  const text = await (await send(name, input, 'page', signal)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** A line of `/api/v1/events/counts/so-far`. */
export interface CountedSoFar extends Answer<'GET /api/v1/events/counts'> {
  /** From here on all is counted. */
  readonly wholeFrom: string;
}

/**
 * Counts, told as they grow; the last are all.
 *
 * @throws Problem, if it breaks off as well
 */
export async function* askCounts(query: string, signal: AbortSignal): AsyncGenerator<CountedSoFar> {
  const { body } = await send('GET /api/v1/events/counts/so-far', { query }, 'page', signal);
  let isWhole = false;
  for await (const line of linesOf(body, signal)) {
    const counts = JSON.parse(line) as CountedSoFar;
    isWhole = counts.wholeFrom === counts.from;
    yield counts;
  }
  if (!isWhole) throw brokenOff();
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null, signal: AbortSignal): AsyncGenerator<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const read = await reader?.read().catch((error: unknown) => {
      throw signal.aborted ? error : brokenOff();
    });
    if (read?.value === undefined) return;
    const lines = (rest + read.value).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function brokenOff(): Problem {
  const hint = 'Try again, or ask for a shorter time. If it goes on, look whether the service runs.';
  return new Problem('web/broken-off', 'The answer broke off.', hint);
}

/** Of the answers that are a file, which the written types leave out. */
export async function askFile(
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ArrayBuffer> {
  const response = await fetched('POST', path, JSON.stringify(body), 'page');
  return response.arrayBuffer();
}

async function send(name: Question, input: object, asker: Asker, signal?: AbortSignal): Promise<Response> {
  const { method, url, rest } = addressOf(name, input);
  return fetched(method, url, method === 'POST' ? JSON.stringify(rest) : null, asker, signal);
}

async function fetched(
  method: string,
  url: string,
  body: string | null,
  asker: Asker,
  signal?: AbortSignal,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    credentials: 'same-origin',
    signal: signal ?? null,
    // No other site can make a browser send this header.
    headers: { 'x-wardwatch': asker, ...(body === null ? {} : { 'content-type': 'application/json' }) },
    body,
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(
      'web/unreachable',
      'Wardwatch does not answer.',
      'Check your network. If it goes on, look whether the service runs.',
    );
  });
  heardTime(response.headers.get('date'));
  if (!response.ok) throw await problemOf(response);
  return response;
}

type Value = string | number | boolean | undefined;

function addressOf(name: Question, input: object): { method: string; url: string; rest: Record<string, Value> } {
  const [method = 'GET', path = ''] = name.split(' ');
  // The types of the questions have nothing else in a path or a query.
  const rest = { ...input } as Record<string, Value>;
  const filled = path.slice(1).replaceAll(/:(\w+)/g, (_, part: string) => {
    const value = String(rest[part]);
    delete rest[part];
    return encodeURIComponent(value);
  });
  if (method !== 'GET') return { method, url: filled, rest };
  const query = new URLSearchParams(
    Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
  return { method, url: query.size === 0 ? filled : `${filled}?${query.toString()}`, rest };
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; message?: string; hint?: string };
  return new Problem(
    body.code ?? `http/${response.status}`,
    body.message ?? `The answer was ${response.status}.`,
    body.hint ?? 'Try again in a minute.',
  );
}
