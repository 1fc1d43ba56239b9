import type { EventView, UtcMs } from '../../core/event.ts';
import type { Entities } from '../../core/finding.ts';
import type { Rarity } from '../../core/rarity.ts';
import { entitiesOf } from '../entities.ts';
import { alertOf } from './alert.ts';
import { isSomebody, type Precursor, PRECURSOR_WORDS, Precursors, type SavedPrecursors } from './precursors.ts';
import { Programs, type ProgramStart, programStartOf, type SavedPrograms } from './programs.ts';
import { Rhythm, type SavedRhythm } from './rhythm.ts';
import { type SignIn, signInOf } from './sign-in.ts';
import { SignIns, type SavedSignIns, type SignInSignal } from './sign-ins.ts';
import { type SavedRates, SurpriseRates } from './surprise-rates.ts';
import { type Measured, type SavedTraffic, Traffic, type TrafficSignal } from './traffic.ts';

/** What behaviour can be unusual in. Their words: src/content/behaviours.json. */
export type BehaviourSignal = SignInSignal | TrafficSignal | 'alert' | 'new-program' | 'ransomware-steps';

/** Something that is unusual here, as one event made it so. */
export interface Unusual extends Rarity {
  readonly signal: BehaviourSignal;
  /** The same for all that is told of one signal, subject and hour. */
  readonly hourKey: string;
  readonly entities: Entities;
  /** What the sentence is filled with. */
  readonly facts: Readonly<Record<string, string>>;
  readonly techniques: readonly string[];
}

const HOUR_MS = 3_600_000;
/** Nothing is said before so much time was watched: to something that knows nothing, everything is new. */
const LEARNING_MS = 24 * HOUR_MS;
/** How often unusual things come is learned only once the first rush of new things is over. */
const RATES_FROM_MS = 18 * HOUR_MS;
/**
 * What has a weekly course is only ranked until a whole week was seen (design: record-access.md 3.1, cold start): it is
 * told, and adds to an incident that is there, and is never enough for one of its own.
 */
const RANKING_MS = 7 * 24 * HOUR_MS;
/** Just below what `isStrong` asks for. */
const MAX_SURPRISE_OF_RANKING = 1.5;
/** One hour in three is nothing to speak of. */
const MIN_SURPRISE = 0.5;
/** Of what is only a little unusual, no more than this an hour is kept, whatever the size of the site. */
const MAX_PER_HOUR = 30;

/** What the models say alike: `Sighting`, `Reading`, `Checklist`. */
interface Judged {
  readonly surprise: number;
  readonly told: number;
  readonly isNews: boolean;
  readonly hourKey: string;
}

/**
 * The behaviour models: what this organisation's accounts and machines usually do, learned as it goes, and what is
 * unusual by it. Bounded: see `Rhythm`, `SignIns`, `Programs`, `Traffic` and `Precursors`.
 *
 * What an attacker does to it: flooding teaches one hour's worth an hour; going slowly teaches, within the half-life of
 * the rhythm. Nothing that is unusual by a rule is ever hidden by what was learned here.
 */
export class Behaviour {
  #rhythm = new Rhythm();
  #signIns = new SignIns();
  #rates = new SurpriseRates();
  #programs = new Programs();
  /** When the first start of a program came. */
  #programsSince: UtcMs | null = null;
  #traffic = new Traffic();
  #precursors = new Precursors();
  /** The latest that our clock has said. */
  #clock: UtcMs | null = null;

  /**
   * Our own clock, as it was when an event was received. If it goes back by more than an hour, it was ahead before: what
   * was learned of times to come is put to now, or nothing would be learned until then.
   */
  receivedAt(at: UtcMs): void {
    if (this.#clock !== null && at < this.#clock - HOUR_MS) {
      for (const model of [this.#rhythm, this.#signIns, this.#rates, this.#programs, this.#traffic, this.#precursors])
        model.setBack(at);
      if (this.#programsSince !== null) this.#programsSince = Math.min(this.#programsSince, at);
      this.#clock = at;
    } else this.#clock = Math.max(this.#clock ?? at, at);
  }

  /** What is unusual about an event. Everything is learned from. */
  see(event: EventView, at: UtcMs): Unusual[] {
    this.#rhythm.begin(at);
    if (at - (this.#rhythm.startedAt ?? at) >= RATES_FROM_MS) this.#rates.begin(at);
    const alert = alertOf(event);
    if (alert !== null) {
      const { product, name, host, techniques } = alert;
      const found = this.#sight(
        'alert',
        `alert:${product}:${name}`,
        host,
        at,
        { ...entitiesOf(event), host },
        { product, name },
      );
      return found === null ? [] : [{ ...found, techniques }];
    }
    const signIn = signInOf(event);
    if (signIn !== null) return this.#signIn(signIn, at);
    const start = programStartOf(event);
    if (start !== null) return this.#program(start, entitiesOf(event), at);
    return this.#traffic.see(event, at).flatMap((measured) => this.#measured(measured, at) ?? []);
  }

  /** How unusual it is that a rule fires here; `null` while that is not known. */
  rarityOf(ruleId: string, { host, account, address }: Entities, at: UtcMs): Rarity | null {
    const sighting = this.#rhythm.see(`rule:${ruleId}`, (host ?? account ?? address ?? '').toLowerCase(), at);
    const rarity = this.#rarity(sighting, at);
    return this.#isLearning(at) ? null : rarity;
  }

  /**
   * What a step towards ransomware adds up to, with those before it on the same host and of the same account.
   *
   * @param surprise how unusual it is there
   */
  precursor(kind: Precursor, surprise: number, { host, account }: Entities, at: UtcMs): Unusual[] {
    const subjects: Entities[] = [];
    if (host !== undefined) subjects.push({ host });
    if (account !== undefined && isSomebody(account)) subjects.push({ account });
    return subjects.flatMap((about) => {
      const [name, subject = ''] = Object.entries(about)[0] ?? [];
      const list = this.#precursors.see(`${name ?? ''} ${subject.toLowerCase()}`, kind, surprise, at);
      if (list === null) return [];
      const facts = {
        subject,
        amount: String(list.steps.length),
        steps: list.steps.map((each) => PRECURSOR_WORDS[each]).join('; '),
      };
      return this.#tell('ransomware-steps', list, at, null, about, facts) ?? [];
    });
  }

  #signIn(signIn: SignIn, at: UtcMs): Unusual[] {
    const entities: Entities = {
      host: signIn.host,
      account: signIn.account,
      ...(signIn.address === null ? {} : { address: signIn.address }),
    };
    return this.#signIns.see(signIn, at).flatMap(({ signal, subject }) => {
      const about =
        signal === 'spraying' && signIn.address !== null ? { host: signIn.host, address: signIn.address } : entities;
      const facts = {
        country: signIn.country ?? 'a country that is not known',
        address: signIn.address ?? 'the machine itself',
      };
      return this.#sight(signal, signal, subject, at, about, facts) ?? [];
    });
  }

  #program(start: ProgramStart, entities: Entities, at: UtcMs): Unusual[] {
    this.#programsSince ??= at;
    const found = this.#programs.see(start, at);
    if (found === null || at - this.#programsSince < LEARNING_MS) return [];
    const { kind, program, peers, having } = found;
    const facts = { program, image: start.image, peers: String(peers), having: String(having) };
    const about = { ...entities, host: start.host };
    const rankedUntil = this.#programsSince + RANKING_MS;
    const unusual = this.#sight('new-program', `program:${kind}`, start.host, at, about, facts, rankedUntil);
    return unusual === null ? [] : [unusual];
  }

  #measured({ signal, subject, entities, facts, reading, since }: Measured, at: UtcMs): Unusual | null {
    if (at - since < LEARNING_MS) return null;
    const rankedUntil = since + RANKING_MS;
    if (reading === null) return this.#sight(signal, signal, subject, at, entities, facts, rankedUntil);
    return this.#tell(signal, reading, at, rankedUntil, entities, { ...facts, subject });
  }

  #sight(
    signal: BehaviourSignal,
    name: string,
    subject: string,
    at: UtcMs,
    entities: Entities,
    facts: Readonly<Record<string, string>>,
    rankedUntil: UtcMs | null = null,
  ): Unusual | null {
    const sighting = this.#rhythm.see(name, subject, at);
    const { amount, hoursWith, hoursWatched } = sighting;
    return this.#tell(signal, sighting, at, rankedUntil, entities, {
      amount: String(Math.round(amount)),
      hoursWith: String(Math.round(hoursWith)),
      hoursWatched: String(Math.round(hoursWatched)),
      ...facts,
      subject,
    });
  }

  /** @param rankedUntil till then it is never enough for an incident of its own; `null`: it always may be */
  #tell(
    signal: BehaviourSignal,
    judged: Judged,
    at: UtcMs,
    rankedUntil: UtcMs | null,
    entities: Entities,
    facts: Readonly<Record<string, string>>,
  ): Unusual | null {
    const { isNews, hourKey } = judged;
    const most = rankedUntil !== null && at < rankedUntil ? MAX_SURPRISE_OF_RANKING : Number.POSITIVE_INFINITY;
    const [surprise, told] = [Math.min(most, judged.surprise), Math.min(most, judged.told)];
    if (!isNews || surprise < MIN_SURPRISE) return null;
    const rarity = this.#rarity({ surprise, told, isNews }, at);
    if (this.#isLearning(at) || rarity.perDay > MAX_PER_HOUR * 24) return null;
    return { signal, hourKey, entities, ...rarity, techniques: [], facts };
  }

  #rarity({ surprise, told, isNews }: Pick<Judged, 'surprise' | 'told' | 'isNews'>, at: UtcMs): Rarity {
    const perDay = this.#rates.perHour(surprise, at) * 24;
    const { startedAt } = this.#rhythm;
    if (isNews && startedAt !== null && at - startedAt >= RATES_FROM_MS) this.#rates.learn(surprise, told, at);
    return { surprise, perDay };
  }

  #isLearning(at: UtcMs): boolean {
    const { startedAt } = this.#rhythm;
    return startedAt === null || at - startedAt < LEARNING_MS;
  }

  /** When it began to learn; `null`: it has not. */
  get startedAt(): UtcMs | null {
    return this.#rhythm.startedAt;
  }

  save(): SavedBehaviour {
    return {
      schema: 'wardwatch.behaviour/1',
      rhythm: this.#rhythm.save(),
      signIns: this.#signIns.save(),
      rates: this.#rates.save(),
      programs: this.#programs.save(),
      programsSince: this.#programsSince,
      traffic: this.#traffic.save(),
      precursors: this.#precursors.save(),
      clock: this.#clock,
    };
  }

  static from({
    rhythm,
    signIns,
    rates,
    programs,
    programsSince,
    traffic,
    precursors,
    clock,
  }: SavedBehaviour): Behaviour {
    const behaviour = new Behaviour();
    behaviour.#rhythm = Rhythm.from(rhythm);
    behaviour.#signIns = SignIns.from(signIns);
    behaviour.#rates = new SurpriseRates(rates);
    behaviour.#programs = Programs.from(programs);
    behaviour.#programsSince = programsSince ?? null;
    behaviour.#traffic = new Traffic(traffic);
    behaviour.#precursors = Precursors.from(precursors);
    behaviour.#clock = clock ?? null;
    return behaviour;
  }
}

export interface SavedBehaviour {
  readonly schema: 'wardwatch.behaviour/1';
  readonly rhythm: SavedRhythm;
  readonly signIns: SavedSignIns;
  readonly rates: SavedRates;
  /** Absent: a version before these models wrote it. */
  readonly programs?: SavedPrograms;
  readonly programsSince?: UtcMs | null;
  readonly traffic?: SavedTraffic;
  readonly precursors?: SavedPrecursors;
  readonly clock?: UtcMs | null;
}
