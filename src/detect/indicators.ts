import { isIP } from 'node:net';
import type { EventView } from '../core/event.ts';

export type IndicatorKind = 'address' | 'domain' | 'url' | 'hash';

/** A value that somebody has seen in an attack. */
export interface Indicator {
  readonly kind: IndicatorKind;
  /** In lower case. */
  readonly value: string;
  /** What it belongs to, in the words of whoever listed it; '' if they do not say. */
  readonly note: string;
}

/** Whatever in a text could be an indicator: a hash, an address, a name with dots. */
const CANDIDATES =
  /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])|(?<![0-9a-z.:-])(?:(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}|(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62})(?![0-9a-z-])/gi;
const URLS = /\bhttps?:\/\/[^\s"'<>\\^`{|}]{4,2000}/gi;
/** Of a longer text only the beginning is searched. */
const MAX_TEXT = 64 * 1024;
const MAX_CANDIDATES = 200;

/** Finds indicators in events: a look-up per name or number in the event, however many indicators there are. */
export class Indicators {
  readonly #known = new Map<string, Indicator>();
  #hasUrls = false;

  add(indicator: Indicator): void {
    this.#known.set(indicator.value, indicator);
    if (indicator.kind === 'url') this.#hasUrls = true;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The first of the event's values that is listed; `null`: none is. */
  foundIn(event: EventView): Indicator | null {
    let looked = 0;
    for (const whole of event.texts(true)) {
      // Shorter than the shortest name that could be listed, or without what every one of them has.
      if (whole.length < 4) continue;
      const text = whole.length > MAX_TEXT ? whole.slice(0, MAX_TEXT) : whole;
      for (const [candidate] of text.matchAll(CANDIDATES)) {
        const found = this.#look(candidate.toLowerCase());
        if (found !== null) return found;
        if (++looked > MAX_CANDIDATES) return null;
      }
      if (!this.#hasUrls || !text.includes('://')) continue;
      for (const [url] of text.matchAll(URLS)) {
        const found = this.#known.get(normalUrl(url));
        if (found !== undefined) return found;
      }
    }
    return null;
  }

  /** A name under a listed domain is listed. */
  #look(value: string): Indicator | null {
    const exact = this.#known.get(value.includes(':') ? plainAddress(value) : value);
    if (exact !== undefined) return exact;
    for (let dot = value.indexOf('.'); dot > 0; dot = value.indexOf('.', dot + 1)) {
      const parent = this.#known.get(value.slice(dot + 1));
      if (parent?.kind === 'domain') return parent;
    }
    return null;
  }
}

/**
 * Reads indicators: one a line, alone or as CSV with the value in the first cell, or in the one that the header calls
 * `value` or `indicator`; then a note. Defanged values (`hxxp://bad[.]example`) are taken too. `#` begins a comment.
 *
 * @returns those read, and the lines that are none
 */
export function readIndicators(text: string): { readonly indicators: Indicator[]; readonly wrong: number[] } {
  const indicators: Indicator[] = [];
  const wrong: number[] = [];
  let valueAt = 0;
  let noteAt = 1;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (index === 0) {
      const header = cells.map((cell) => cell.toLowerCase());
      const at = header.findIndex((name) => name === 'value' || name === 'indicator' || name === 'ioc');
      if (at >= 0) {
        valueAt = at;
        noteAt = header.findIndex((name) => name === 'note' || name === 'description' || name === 'comment');
        continue;
      }
    }
    const indicator = indicatorOf(cells[valueAt] ?? '', noteAt < 0 ? '' : (cells[noteAt] ?? ''));
    if (indicator === null) wrong.push(index + 1);
    else indicators.push(indicator);
  }
  return { indicators, wrong };
}

function indicatorOf(text: string, note: string): Indicator | null {
  const value = text
    .toLowerCase()
    .replace(/^hxxp/, 'http')
    .replaceAll(/\[\.\]|\(\.\)|\[dot\]/g, '.')
    .replaceAll('[:]', ':');
  const shortNote = note.slice(0, 200);
  if (/^(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})$/.test(value)) return { kind: 'hash', value, note: shortNote };
  if (isIP(value) !== 0) return { kind: 'address', value: plainAddress(value), note: shortNote };
  if (/^https?:\/\//.test(value)) return { kind: 'url', value: normalUrl(value), note: shortNote };
  const domain = value.replace(/^\*\./, '').replace(/\.$/, '');
  if (/^(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62}$/.test(domain))
    return { kind: 'domain', value: domain, note: shortNote };
  return null;
}

/** One spelling of an address: short, and of IPv4 in IPv6 the IPv4. What is no address stays: `12:30:45` is a time. */
function plainAddress(text: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}

function normalUrl(url: string): string {
  return url
    .toLowerCase()
    .replace(/[.,;:)\]]+$/, '')
    .replace(/\/$/, '');
}
