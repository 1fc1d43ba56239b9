import type { CareNote } from '../../core/care.ts';
import type { LogEvent } from '../../core/event.ts';
import type { SetAside } from '../formats/format.ts';
import type { Verdict } from '../hl7/acknowledge.ts';
import type { Hl7Message } from '../hl7/message.ts';
import type { Message } from '../message-reader.ts';

/** A registered source, as a door knows it. */
export interface Source {
  readonly id: `src_${string}`;
  readonly name: string;
  readonly kind: string;
}

/** Messages that are gone through once, in order. One may be made only when it is its turn; then not all of them are there at once. */
export interface Messages extends Iterable<Message> {
  /** There are no more than this. */
  readonly length: number;
}

/**
 * What every door is handed. A door admits sources, cuts what they send into messages and hands those on; it
 * acknowledges (answers, reads on) only when `accept` has resolved, and pushes back when it rejects.
 */
export interface DoorServices {
  /** Of times that name none. */
  readonly timeZone: string;
  /** The source of this token; `null`: nobody's. */
  byToken(token: string): Promise<Source | null>;
  /** The source registered for this address at doors where a source cannot show a token; `null`: nobody. */
  byAddress(address: string, door: 'syslog' | 'hl7'): Promise<Source | null>;
  /** The source that was registered with this certificate (SHA-256, hex); `null`: nobody. */
  byCertificate(fingerprint: string): Promise<Source | null>;
  /**
   * Resolves when all of it is on disk.
   *
   * @throws Refusal `store/busy`, `store/disk-full` or `store/write-failed`: none of it is kept; send again later
   */
  accept(source: Source, messages: Messages): Promise<void>;
  /**
   * As `accept`, of a file that the door itself has read. What it could not read stays in the file; the reason is kept.
   *
   * @throws Refusal as `accept`
   */
  acceptRead(source: Source, events: readonly LogEvent[], aside: readonly Unread[]): Promise<void>;
  /**
   * As `accept`, of one HL7 v2 message as it came. What cannot be read is set aside, and the verdict says so.
   *
   * @throws Refusal as `accept`
   */
  acceptHl7(source: Source, bytes: Buffer): Promise<{ readonly message: Hl7Message | null; readonly verdict: Verdict }>;
  /**
   * As `accept`, of what was read of patients' care.
   *
   * @throws Refusal as `accept`
   */
  acceptCare(source: Source, notes: readonly CareNote[]): Promise<void>;
  /** Resolves a moment later while judging is behind: before an answer to those who wait for one, and can. */
  pace(): Promise<void>;
  /** What could not be made into messages, kept as it came. */
  setAside(source: Source, things: readonly Buffer[], reason: string, detail: string): Promise<void>;
  /** Counts what was turned away or lost, by door and reason. */
  count(door: string, reason: string, by?: number): void;
  /** Something broke on our side. */
  report(error: unknown): void;
}

/** What could not be read of a file, and what it was, where that is at hand. */
export type Unread = SetAside & { readonly input?: string | undefined };

/** Where a door listens. */
export interface Listen {
  readonly host: string;
  /** 0 picks one that is free. */
  readonly port: number;
}

/** An open door. */
export interface OpenDoor {
  /** `127.0.0.1:6514`. */
  readonly address: string;
  /** Takes nothing more, waits for what it has taken, and closes. */
  close(): Promise<void>;
}

/** True for the refusals that say “send again later”. */
export function isPressure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'store/busy' || code === 'store/disk-full' || code === 'store/write-failed';
}

export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Without the form in which IPv6 sockets show IPv4 peers. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}
