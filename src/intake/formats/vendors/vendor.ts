import type { Fields, LogSource } from '../../../core/event.ts';
import { sourceOf } from '../shape.ts';

/**
 * One family of products, told by its message. It fills in, beside the product's own fields, the names that rules use
 * for every product (docs/formats.md): `user`, `src_ip`, `dst_ip`, `dst_port`, `action`, `outcome`, `mfa` …
 *
 * @param text the message, after the syslog header
 * @param program the syslog tag, '' if it has none
 * @returns where it comes from, or `null` if it is none of its own
 */
export type Vendor = (text: string, fields: Fields, program: string) => LogSource | null;

/** A field as text; '' if it is none. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** Copies the first of these fields that there is. */
export function same(fields: Fields, ours: string, ...theirs: string[]): void {
  for (const name of theirs) {
    const value = fields[name];
    if (value !== undefined && value !== '' && fields[ours] === undefined) fields[ours] = value;
  }
}

export function set(fields: Fields, name: string, value: string | undefined): void {
  if (value !== undefined && value !== '') fields[name] = value;
}

/** Words by which products say that they let something through, or did not. */
const ALLOWED = /^(?:allow|accept|pass|permit|forward|built|start|close|end|encrypt|decrypt|monitor|2$)/i;
const DENIED = /^(?:den|drop|block|reject|discard|reset|prevent|refuse|timeout)/i;

/**
 * A firewall's event. Its action becomes the field `blocked` of Sigma's firewall rules, `true` or `false`, if it says
 * either.
 */
export function firewallEvent(fields: Fields, product: string, service: string | null): LogSource {
  const action = textOf(fields, 'action');
  if (DENIED.test(action)) fields['blocked'] ??= 'true';
  else if (ALLOWED.test(action)) fields['blocked'] ??= 'false';
  return sourceOf(product, 'firewall', service);
}

/** Someone signing in from outside, or trying to. */
export function vpnEvent(product: string, service: string | null): LogSource {
  return sourceOf(product, 'vpn', service);
}

/** The cells of one line of CSV, quoted or not. */
export function csvCells(line: string, most = 200): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length && cells.length < most; i++) {
    const char = line.charAt(i);
    if (char === '"') {
      // Two quotes inside a quoted cell are one.
      if (quoted && line.charAt(i + 1) === '"') cell += line.charAt(++i);
      else quoted = !quoted;
    } else if (char === ',' && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  return [...cells, cell];
}
