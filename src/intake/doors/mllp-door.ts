import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { acknowledgementsFor, type Verdict } from '../hl7/acknowledge.ts';
import { type Hl7Message, readHl7 } from '../hl7/message.ts';
import { type DoorServices, isPressure, type Listen, type OpenDoor, plainAddress, type Source } from './door.ts';
import { type Frame, framed, MllpFraming } from './mllp-framing.ts';
import { fingerprintOf, openStream, type StreamConnection } from './stream.ts';

/** A feed that says nothing at night is no dead one: engines keep their connection for days. */
const IDLE_MS = 24 * 60 * 60 * 1000;
const RETRY_MS = 200;
/** Of a peer that does not read its answers. */
const MAX_UNREAD = 1024 * 1024;
/** Outside of any frame: whoever sends more speaks something else. */
const MAX_STRAY = 4096;

/** HL7 v2 over MLLP, or over TLS where `tls` is given. The answer to a message comes when it is on disk. */
export function openMllp(listen: Listen, tls: TlsOptions | null, services: DoorServices): Promise<OpenDoor> {
  const door = tls === null ? 'mllp' : 'mllp-tls';
  const connect = (socket: Socket, onClose: () => void) => new Connection(socket, door, services, onClose);
  return openStream(listen, tls, door, services, connect, true);
}

/** One engine's connection: its messages are kept and answered one after the other, in order. */
class Connection implements StreamConnection {
  readonly #socket: Socket;
  readonly #door: string;
  readonly #services: DoorServices;
  readonly #framing: MllpFraming;
  #waiting: Frame[] = [];
  #strays = 0;
  #work: Promise<void> = Promise.resolve();
  #isEnding = false;
  /** Unlike that of any other connection. */
  readonly #id = randomBytes(6).toString('hex');
  #answers = 0;

  constructor(socket: Socket, door: string, services: DoorServices, onClose: () => void) {
    this.#socket = socket;
    this.#door = door;
    this.#services = services;
    this.#framing = new MllpFraming((frame) => this.#waiting.push(frame));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => services.count(door, 'connection-broken'));
    socket.on('close', () => {
      // Nobody waits for the answer any more, and nothing was acknowledged: it will be sent again.
      this.#isEnding = true;
      onClose();
    });
    this.#then(() => this.#admit());
  }

  async #admit(): Promise<void> {
    if ((await this.#source()) === null) return this.#refuse();
    this.#socket.on('data', (bytes) => {
      // One piece in hand at a time: TCP makes the source wait.
      this.#socket.pause();
      this.#framing.push(bytes);
      this.#then(async () => {
        await this.#takeAll();
        if (!this.#isEnding) this.#socket.resume();
      });
    });
    this.#socket.on('end', () => {
      if (this.#framing.isUnfinished) this.#services.count(this.#door, 'unfinished');
      this.#then(async () => void this.#socket.end());
    });
    this.#socket.resume();
  }

  /** By its certificate if it shows one that is known, else by its address. */
  async #source(): Promise<Source | null> {
    const fingerprint = fingerprintOf(this.#socket);
    const known = fingerprint === null ? null : await this.#services.byCertificate(fingerprint);
    if (known !== null) return known.kind === 'hl7' ? known : null;
    return this.#services.byAddress(plainAddress(this.#socket.remoteAddress), 'hl7');
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

  async #takeAll(): Promise<void> {
    // Asked each time: engines keep a connection for days, and a source may be switched off meanwhile.
    const source = await this.#source();
    if (source === null) return this.#refuse();
    const frames = this.#waiting;
    this.#waiting = [];
    for (const frame of frames) {
      if (this.#isEnding) return;
      await this.#take(source, frame);
    }
  }

  async #take(source: Source, frame: Frame): Promise<void> {
    const services = this.#services;
    switch (frame.kind) {
      case 'stray':
        services.count(this.#door, 'stray-bytes', frame.count);
        this.#strays += frame.count;
        if (this.#strays > MAX_STRAY) this.#socket.destroy();
        return;
      case 'cut':
        await services.setAside(source, [frame.bytes], 'cut-short', 'another message began before this one ended');
        return;
      case 'too-long': {
        await services.setAside(source, [frame.bytes], 'message-too-long', 'the first MiB of a longer message');
        const read = readHl7(frame.bytes);
        const verdict: Verdict = { kind: 'rejected', code: 207, text: 'a message has at most 1 MiB; it was set aside' };
        return this.#answer(read.ok ? read.value : null, verdict);
      }
      case 'message': {
        const taken = await this.#accepted(source, frame.bytes);
        if (taken !== null) this.#answer(taken.message, taken.verdict);
      }
    }
  }

  /** Waits for room: an engine that gets no answer sends again, one that gets a bad one may not. `null`: it has gone. */
  async #accepted(source: Source, bytes: Buffer): Promise<Awaited<ReturnType<DoorServices['acceptHl7']>> | null> {
    for (;;) {
      try {
        return await this.#services.acceptHl7(source, bytes);
      } catch (error) {
        if (!isPressure(error)) throw error;
        this.#services.count(this.#door, 'pushed-back');
      }
      if (this.#isEnding) return null;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #answer(message: Hl7Message | null, verdict: Verdict): void {
    this.#services.count(this.#door, verdict.kind);
    const id = `${this.#id}${(this.#answers++).toString(36)}`;
    for (const answer of acknowledgementsFor(message, verdict, Date.now(), id)) this.#socket.write(framed(answer));
    if (this.#socket.writableLength > MAX_UNREAD) this.#socket.destroy();
  }

  async finish(): Promise<void> {
    this.#isEnding = true;
    this.#socket.pause();
    await this.#work;
    // What was kept is answered, as far as the other side reads.
    this.#socket.destroySoon();
  }
}
