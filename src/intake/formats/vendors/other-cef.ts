import { firewallEvent, same, type Vendor } from './vendor.ts';
import { sourceOf } from '../shape.ts';

/** Any other product's CEF or LEEF. */
export const otherCef: Vendor = (_text, fields) => {
  const { DeviceVendor: vendor } = fields;
  if (typeof vendor !== 'string') return null;
  same(fields, 'src_ip', 'src', 'sourceAddress');
  same(fields, 'dst_ip', 'dst', 'destinationAddress');
  same(fields, 'src_port', 'spt', 'srcPort');
  same(fields, 'dst_port', 'dpt', 'dstPort');
  same(fields, 'protocol', 'proto');
  same(fields, 'action', 'act');
  same(fields, 'user', 'suser', 'usrName', 'duser');
  same(fields, 'bytes_out', 'out', 'srcBytes');
  same(fields, 'bytes_in', 'in', 'dstBytes');
  const product = vendor
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 64);
  return fields['dst_ip'] === undefined ? sourceOf(product, null, null) : firewallEvent(fields, product, null);
};
