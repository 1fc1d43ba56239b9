import { BlockList, isIP } from 'node:net';
import { Refusal } from '../core/refusal.ts';
import type { Source } from '../intake/doors/door.ts';
import { isAlreadyThere, type State } from '../store/state.ts';
import type { SourceRow } from '../store/tables.ts';
import { newId, newToken, tokenHash } from '../core/credentials.ts';

export const SOURCE_KINDS = ['windows', 'syslog', 'http', 'fhir', 'hl7', 'files', 'm365'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Where syslog and HL7 without a client certificate come from, unless the source was registered with a range of its own. */
const OWN_MACHINE = '127.0.0.0/8,::1/128';
const KNOWN_BY_ADDRESS: readonly SourceKind[] = ['syslog', 'windows', 'hl7'];
/** A source that is added or removed beside the running service is known to it within this time. */
const REMEMBER_MS = 1000;
const LOOK_AGAIN_MS = 20;
/** Writing down when a source was last heard is not worth a transaction each time. */
const HEARD_EVERY_MS = 10_000;

/** A source, with the networks that it may send syslog from. */
type Known = SourceRow & { readonly range: BlockList | null };

/** The registered sources: the only writer of the table `sources`. */
export class Sources {
  readonly #state: State;
  readonly #now: () => number;
  #known: readonly Known[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  readonly #heard = new Map<string, number>();

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /**
   * Registers a source. The token is not kept and cannot be shown again.
   *
   * @param addresses networks as `10.1.0.0/16`, separated by commas; `null`: this machine, and only for syslog and HL7
   * @param certificate SHA-256, hex, of the certificate that it shows over TLS: then it may come from any address
   * @param folder whose files are its logs
   * @param polled how it is asked, sealed
   * @throws Refusal `sources/name-taken`, `sources/bad-address`
   */
  async add(
    name: string,
    kind: SourceKind,
    addresses: string | null,
    {
      certificate = null,
      folder = null,
      polled = null,
    }: { certificate?: string | null; folder?: string | null; polled?: Buffer | null } = {},
  ): Promise<{ id: Source['id']; token: string }> {
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,62}$/u.test(name))
      throw new Refusal(
        'usage/bad-option',
        `a source’s name has letters, digits, spaces, dots and dashes, at most 63 of them, not “${name}”`,
      );
    const range = addresses ?? (certificate === null && KNOWN_BY_ADDRESS.includes(kind) ? OWN_MACHINE : null);
    if (range !== null) networks(range);
    const token = newToken();
    const id = newId('src');
    try {
      await this.#state.db
        .insertInto('sources')
        .values({
          id,
          name,
          kind,
          token_hash: tokenHash(token),
          address_range: range,
          certificate,
          folder,
          polled,
          position: null,
          created_at: this.#now(),
          last_heard_at: null,
          state: 'active',
        })
        .execute();
    } catch (error) {
      if (isAlreadyThere(error))
        throw new Refusal(
          'sources/name-taken',
          `there is a source called “${name}”, or with that certificate, already`,
        );
      throw error;
    }
    return { id, token };
  }

  /**
   * Nothing of it is taken any more; what it sent stays, under its name, and another may be called as it was.
   *
   * @throws Refusal `sources/not-found`
   */
  async end(id: string): Promise<void> {
    const { name } = await this.#activeRow(id);
    await this.#change(id, { state: 'ended', name: `${name} (ended, ${id.slice(-6)})` });
  }

  /** The one before is worth nothing from now on. @throws Refusal `sources/not-found` */
  async renewToken(id: string): Promise<string> {
    await this.#activeRow(id);
    const token = newToken();
    await this.#change(id, { token_hash: tokenHash(token) });
    return token;
  }

  /** From where it may send. @throws Refusal `sources/not-found`, `sources/bad-address` */
  async move(id: string, addresses: string): Promise<void> {
    const { kind } = await this.#activeRow(id);
    if (!KNOWN_BY_ADDRESS.includes(kind as SourceKind))
      throw new Refusal('usage/bad-option', `a source of the kind ${kind} is known by its token, not by its address`);
    networks(addresses);
    await this.#change(id, { address_range: addresses });
  }

  /** An active source by its id or its name. @throws Refusal `sources/not-found` */
  async idOf(idOrName: string): Promise<string> {
    const found = (await this.list()).find(
      ({ id, name, state }) => state === 'active' && (id === idOrName || name === idOrName),
    );
    if (found === undefined) throw new Refusal('sources/not-found', `there is no source ${idOrName}`);
    return found.id;
  }

  /** Those that were switched off. */
  async ended(): Promise<ReadonlySet<string>> {
    const rows = await this.#state.db.selectFrom('sources').select('id').where('state', '=', 'ended').execute();
    return new Set(rows.map(({ id }) => id));
  }

  async #activeRow(id: string): Promise<SourceRow> {
    const row = await this.#state.db
      .selectFrom('sources')
      .selectAll()
      .where('id', '=', id as SourceRow['id'])
      .where('state', '=', 'active')
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('sources/not-found', `there is no source ${id}`);
    return row;
  }

  async #change(id: string, to: Partial<Pick<SourceRow, 'state' | 'name' | 'token_hash' | 'address_range'>>) {
    await this.#state.db
      .updateTable('sources')
      .set(to)
      .where('id', '=', id as SourceRow['id'])
      .execute();
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  async list(): Promise<readonly SourceRow[]> {
    return this.#state.db.selectFrom('sources').selectAll().orderBy('created_at').orderBy('id').execute();
  }

  async byToken(token: string): Promise<Source | null> {
    const hash = tokenHash(token);
    return this.#find((known) => known.find(({ token_hash: own }) => own === hash));
  }

  async byCertificate(fingerprint: string): Promise<Source | null> {
    return this.#find((known) => known.find(({ certificate }) => certificate === fingerprint));
  }

  /** What explains accesses to records comes from a source of its own: whoever may send logs may not send HL7. */
  async byAddress(address: string, door: 'syslog' | 'hl7'): Promise<Source | null> {
    const family = isIP(address);
    if (family === 0) return null;
    return this.#find((known) => {
      const fits = known.filter(
        ({ range, kind }) =>
          (kind === 'hl7') === (door === 'hl7') && range?.check(address, family === 6 ? 'ipv6' : 'ipv4'),
      );
      return fits.find(({ kind }) => kind === door) ?? fits[0];
    });
  }

  /** Who was added a moment ago is looked for again at once, but not for every stranger who knocks. */
  async #find(among: (known: readonly Known[]) => Known | undefined): Promise<Source | null> {
    const found = among(await this.#active(REMEMBER_MS)) ?? among(await this.#active(LOOK_AGAIN_MS));
    return found === undefined ? null : { id: found.id, name: found.name, kind: found.kind };
  }

  async heard(id: Source['id']): Promise<void> {
    const now = this.#now();
    if (now - (this.#heard.get(id) ?? 0) < HEARD_EVERY_MS) return;
    this.#heard.set(id, now);
    await this.#state.db.updateTable('sources').set({ last_heard_at: now }).where('id', '=', id).execute();
  }

  async #active(maxAgeMs: number): Promise<readonly Known[]> {
    const now = this.#now();
    if (Math.abs(now - this.#readAt) >= maxAgeMs) {
      const rows = await this.#state.db
        .selectFrom('sources')
        .selectAll()
        .where('state', '=', 'active')
        .orderBy('created_at')
        .execute();
      this.#known = rows.map((row) => ({
        ...row,
        range: row.address_range === null ? null : networks(row.address_range),
      }));
      this.#readAt = now;
    }
    return this.#known;
  }
}

/** @throws Refusal `sources/bad-address` */
function networks(text: string): BlockList {
  const list = new BlockList();
  for (const network of text.split(',').map((part) => part.trim())) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (family === 0 || !Number.isInteger(length) || length < 0 || length > most || bits === '')
      throw new Refusal('sources/bad-address', `“${network}” is not a network such as 10.1.0.0/16`);
    list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
