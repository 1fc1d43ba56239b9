import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import {
  type DoorServices,
  hostAndPort,
  isPressure,
  type Listen,
  type OpenDoor,
  plainAddress,
  type Source,
} from './door.ts';
import { fingerprintOf, openStream } from './stream.ts';
import { SyslogFraming } from './framing.ts';

/** A connection that has said nothing for so long is taken for dead; sources open a new one. */
const IDLE_MS = 60 * 60 * 1000;
/** Messages handed on at a time. */
const MAX_BATCH = 2000;
/** Wait before trying again, when there is no room. The source waits with us: its socket is not read. */
const RETRY_MS = 200;

/** Syslog over TCP, or over TLS where `tls` is given (RFC 5425). */
export async function openSyslogStream(
  listen: Listen,
  tls: TlsOptions | null,
  services: DoorServices,
): Promise<OpenDoor> {
  const door = tls === null ? 'syslog-tcp' : 'syslog-tls';
  return openStream(listen, tls, door, services, (socket, onClose) => new Connection(socket, door, services, onClose));
}

/** One source's connection: what it sends is read no faster than it can be kept. */
class Connection {
  readonly #socket: Socket;
  readonly #door: string;
  readonly #services: DoorServices;
  readonly #framing: SyslogFraming;
  #waiting: string[] = [];
  #tooLong: number[] = [];
  #work: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(socket: Socket, door: string, services: DoorServices, onClose: () => void) {
    this.#socket = socket;
    this.#door = door;
    this.#services = services;
    this.#framing = new SyslogFraming(
      (text) => this.#waiting.push(text),
      (bytes) => this.#tooLong.push(bytes),
    );
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => services.count(door, 'connection-broken'));
    socket.on('close', onClose);
    this.#then(() => this.#admit());
  }

  async #admit(): Promise<void> {
    if ((await this.#source()) === null) return this.#refuse();
    this.#socket.on('data', (bytes) => {
      // One piece in hand at a time: TCP makes the source wait.
      this.#socket.pause();
      this.#framing.push(bytes);
      this.#then(async () => {
        await this.#handOn();
        if (!this.#isStopping) this.#socket.resume();
      });
    });
    this.#socket.on('end', () => {
      this.#framing.end();
      this.#then(() => this.#handOn());
    });
    this.#socket.resume();
  }

  /** By its certificate if it shows one that is known, else by its address. */
  async #source(): Promise<Source | null> {
    const fingerprint = fingerprintOf(this.#socket);
    const known = fingerprint === null ? null : await this.#services.byCertificate(fingerprint);
    return known ?? this.#services.byAddress(plainAddress(this.#socket.remoteAddress), 'syslog');
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#services.count(this.#door, 'failed');
      this.#services.report(error);
      this.#socket.destroy();
    });
  }

  #refuse(): void {
    this.#services.count(this.#door, 'unknown-source');
    this.#socket.destroy();
  }

  async #handOn(): Promise<void> {
    // Asked each time: a source may be switched off, or moved, while its connection is open for weeks.
    const source = await this.#source();
    if (source === null) return this.#refuse();
    const messages = this.#waiting;
    this.#waiting = [];
    const tooLong = this.#tooLong;
    this.#tooLong = [];
    for (const bytes of tooLong)
      await this.#services.setAside(
        source,
        [Buffer.alloc(0)],
        'message-too-long',
        `a message of ${bytes} bytes or more; at most 1 MiB is taken, and this one was not kept`,
      );
    for (let at = 0; at < messages.length; at += MAX_BATCH) {
      const batch = messages.slice(at, at + MAX_BATCH).map((text) => ({ kind: 'text', text }) as const);
      while (!(await tryAccept(this.#services, source, batch))) {
        this.#services.count(this.#door, 'pushed-back');
        // Ending cannot wait for room. Plain syslog has no way to say that these did not arrive.
        if (this.#isStopping) return this.#services.count(this.#door, 'lost', messages.length - at);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Reads no more, keeps what was read, and closes. */
  async finish(): Promise<void> {
    this.#isStopping = true;
    this.#socket.pause();
    await this.#work;
    this.#socket.destroy();
  }
}

/** False if there is no room now; anything else that goes wrong is thrown. */
async function tryAccept(services: DoorServices, source: Source, batch: Parameters<DoorServices['accept']>[1]) {
  try {
    await services.accept(source, batch);
    return true;
  } catch (error) {
    if (isPressure(error)) return false;
    throw error;
  }
}

const UDP_RECEIVE_BUFFER = 8 * 1024 * 1024;
/** Datagrams waiting to be kept. Beyond it they are lost, and counted: UDP has no way to make a source wait. */
const MAX_DATAGRAMS = 50_000;
/** A datagram may have 64 KiB, and so many of those are more memory than there is. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** So much of that room may one address take: a firewall that floods must not cost the words of all the others. */
const SHARE = 1 / 2;

/** Syslog over UDP (RFC 5426): one message a datagram. Can lose messages; how many we lost is counted. */
export async function openSyslogUdp(listen: Listen, services: DoorServices): Promise<OpenDoor> {
  const socket = createSocket({
    type: listen.host.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: UDP_RECEIVE_BUFFER,
  });
  const queue = new Datagrams(services);
  socket.on('message', (bytes, peer) => queue.take(bytes, peer));
  await bound(socket, listen);
  socket.on('error', () => services.count('syslog-udp', 'failed'));
  const { address, port } = socket.address();
  return {
    address: hostAndPort(address, port),
    close: async () => {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      await queue.empty();
    },
  };
}

/** What waits of one address. */
interface Queue {
  readonly datagrams: { readonly text: string; readonly bytes: number }[];
  bytes: number;
}

/** Datagrams on their way to being kept, by address: one that has to wait for room keeps no other waiting. */
class Datagrams {
  readonly #services: DoorServices;
  readonly #queues = new Map<string, Queue>();
  #count = 0;
  #bytes = 0;
  #work: Promise<void> | null = null;
  #isStopping = false;

  constructor(services: DoorServices) {
    this.#services = services;
  }

  take(bytes: Buffer, peer: RemoteInfo): void {
    const { length } = bytes;
    const from = plainAddress(peer.address);
    const queue = this.#queues.get(from) ?? { datagrams: [], bytes: 0 };
    const isFull =
      this.#count >= MAX_DATAGRAMS ||
      this.#bytes + length > MAX_WAITING_BYTES ||
      queue.datagrams.length >= MAX_DATAGRAMS * SHARE ||
      queue.bytes + length > MAX_WAITING_BYTES * SHARE;
    if (isFull) return this.#services.count('syslog-udp', 'lost');
    const text = bytes.toString('utf8').replace(/[\r\n\0]+$/, '');
    if (text === '') return;
    queue.datagrams.push({ text, bytes: length });
    queue.bytes += length;
    this.#queues.set(from, queue);
    this.#count++;
    this.#bytes += length;
    this.#work ??= this.#drain().finally(() => {
      this.#work = null;
    });
  }

  /** Keeps what is waiting, as far as there is room for it now. */
  async empty(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
  }

  async #drain(): Promise<void> {
    while (this.#queues.size > 0) {
      let isAnyTaken = false;
      for (const [from, queue] of this.#queues) isAnyTaken = (await this.#takeSome(from, queue)) || isAnyTaken;
      if (isAnyTaken) continue;
      if (this.#isStopping) this.#loseAll();
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** @returns false if there is no room for what waits of this address now */
  async #takeSome(from: string, queue: Queue): Promise<boolean> {
    const batch = queue.datagrams.slice(0, MAX_BATCH);
    try {
      const source = await this.#services.byAddress(from, 'syslog');
      if (source === null) this.#services.count('syslog-udp', 'unknown-source', batch.length);
      else if (
        !(await tryAccept(
          this.#services,
          source,
          batch.map(({ text }) => ({ kind: 'text', text })),
        ))
      )
        return false;
    } catch (error) {
      this.#services.count('syslog-udp', 'lost', batch.length);
      this.#services.report(error);
    }
    queue.datagrams.splice(0, batch.length);
    const bytes = batch.reduce((sum, datagram) => sum + datagram.bytes, 0);
    queue.bytes -= bytes;
    this.#count -= batch.length;
    this.#bytes -= bytes;
    if (queue.datagrams.length === 0) this.#queues.delete(from);
    return true;
  }

  #loseAll(): void {
    this.#services.count('syslog-udp', 'lost', this.#count);
    this.#queues.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

function bound(socket: UdpSocket, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
