/** A thread that looks at the disk for the page each time it is asked: see `Health`, which starts it. */
import assert from 'node:assert/strict';
import { parentPort } from 'node:worker_threads';
import { type Check, escrowCheck, fileChecks } from '../ops/checks.ts';
import { type Room, roomOf } from '../ops/room.ts';
import type { RetentionByKind } from '../store/archive/retention.ts';

export interface LookOrder {
  readonly data: string;
  readonly keys: string;
  readonly retention: RetentionByKind;
  readonly now: number;
  /** The setting with the proof of an escrow. */
  readonly escrowProof: string | undefined;
}

export interface Looked {
  readonly checks: readonly Check[];
  readonly room: Room;
}

assert(parentPort !== null, 'this runs as a thread');
const port = parentPort;
// What `Health` hands over, one at a time.
port.on('message', (order: LookOrder) => void answer(order));

/** Whatever it throws ends the thread, and is told by that. */
async function answer({ data, keys, retention, now, escrowProof }: LookOrder): Promise<void> {
  const checks = fileChecks(data, keys, now);
  const { check } = await escrowCheck(escrowProof, null, keys, data);
  port.postMessage({ checks: [...checks, check], room: roomOf(data, retention, now) } satisfies Looked);
}
