import type { Fields, LogSource } from '../../../core/event.ts';
import { checkPoint } from './check-point.ts';
import { ciscoAsa, ciscoFirepower, ciscoIos, ciscoIse, tacacs } from './cisco.ts';
import { fortinet } from './fortinet.ts';
import { netScaler, pulse, sonicWall } from './gateways.ts';
import { otherCef } from './other-cef.ts';
import { filterLog, netfilter } from './packet-filters.ts';
import { paloAlto } from './palo-alto.ts';
import { snare } from './snare.ts';
import type { Vendor } from './vendor.ts';

/** In the order in which they are asked: the surer a product's mark, the earlier. */
const VENDORS: readonly Vendor[] = [
  snare,
  fortinet,
  paloAlto,
  ciscoAsa,
  ciscoFirepower,
  ciscoIse,
  ciscoIos,
  tacacs,
  checkPoint,
  pulse,
  netScaler,
  sonicWall,
  filterLog,
  netfilter,
  otherCef,
];

/** No product's message is longer, but for what an attacker makes so. The whole text stays in `Message`. */
const MAX_MESSAGE = 32 * 1024;

/**
 * The product that wrote a message, and its fields.
 *
 * @returns where it comes from, or `null` if it is of none that is known
 */
export function recogniseVendor(text: string, fields: Fields, program: string): LogSource | null {
  const start = text.length > MAX_MESSAGE ? text.slice(0, MAX_MESSAGE) : text;
  for (const vendor of VENDORS) {
    const source = vendor(start, fields, program);
    if (source !== null) return source;
  }
  return null;
}
