import { BlockList, isIP } from 'node:net';
import { fail, ok, type Result } from '../../core/result.ts';

/** The addresses of a network such as `10.0.0.0/8` or `fe80::/10`; a failure in plain words if it is none. */
export function readNetwork(text: string): Result<BlockList, string> {
  const [, address = '', bits = ''] = /^([\da-fA-F:.]{2,45})\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128))
    return fail(`“${text}” is not a network such as 10.0.0.0/8`);
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return ok(list);
}
