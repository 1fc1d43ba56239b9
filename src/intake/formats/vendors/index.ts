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

/**
 * The product that wrote a message, and its fields.
 *
 * @returns where it comes from, or `null` if it is of none that is known
 */
export function recogniseVendor(text: string, fields: Fields, program: string): LogSource | null {
  for (const vendor of VENDORS) {
    const source = vendor(text, fields, program);
    if (source !== null) return source;
  }
  return null;
}
