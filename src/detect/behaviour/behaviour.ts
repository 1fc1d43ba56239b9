import type { EventView, UtcMs } from '../../core/event.ts';
import type { Entities } from '../../core/finding.ts';
import type { Rarity } from '../../core/rarity.ts';
import { entitiesOf } from '../entities.ts';
import { alertOf } from './alert.ts';
import { Rhythm, type SavedRhythm, type Sighting } from './rhythm.ts';
import { signInOf } from './sign-in.ts';
import { SignIns, type SavedSignIns, type SignInSignal } from './sign-ins.ts';
import { type SavedRates, SurpriseRates } from './surprise-rates.ts';

/** What behaviour can be unusual in. Their words: src/content/behaviours.json. */
export type BehaviourSignal = SignInSignal | 'alert';

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
/** One hour in three is nothing to speak of. */
const MIN_SURPRISE = 0.5;
/** Of what is only a little unusual, no more than this an hour is kept, whatever the size of the site. */
const MAX_PER_HOUR = 30;

/**
 * The behaviour models: what this organisation's accounts and machines usually do, learned as it goes, and what is
 * unusual by it. Bounded: see `Rhythm` and `SignIns`.
 *
 * What an attacker does to it: flooding teaches one hour's worth an hour; going slowly teaches, within the half-life of
 * the rhythm. Nothing that is unusual by a rule is ever hidden by what was learned here.
 */
export class Behaviour {
  #rhythm = new Rhythm();
  #signIns = new SignIns();
  #rates = new SurpriseRates();

  /** What is unusual about an event. Everything is learned from. */
  see(event: EventView, at: UtcMs): Unusual[] {
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
    if (signIn === null) return [];
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

  /** How unusual it is that a rule fires here; `null` while that is not known. */
  rarityOf(ruleId: string, { host, account, address }: Entities, at: UtcMs): Rarity | null {
    const sighting = this.#rhythm.see(`rule:${ruleId}`, (host ?? account ?? address ?? '').toLowerCase(), at);
    const rarity = this.#rarity(sighting, at);
    return this.#isLearning(at) ? null : rarity;
  }

  #sight(
    signal: BehaviourSignal,
    name: string,
    subject: string,
    at: UtcMs,
    entities: Entities,
    facts: Readonly<Record<string, string>>,
  ): Unusual | null {
    const sighting = this.#rhythm.see(name, subject, at);
    if (!sighting.isNews || sighting.surprise < MIN_SURPRISE) return null;
    const rarity = this.#rarity(sighting, at);
    if (this.#isLearning(at) || rarity.perDay > MAX_PER_HOUR * 24) return null;
    const { hourKey, amount, hoursWith, hoursWatched } = sighting;
    return {
      signal,
      hourKey,
      entities,
      ...rarity,
      techniques: [],
      facts: {
        ...facts,
        subject,
        amount: String(Math.round(amount)),
        hoursWith: String(Math.round(hoursWith)),
        hoursWatched: String(Math.round(hoursWatched)),
      },
    };
  }

  #rarity({ surprise, told, isNews }: Sighting, at: UtcMs): Rarity {
    const perDay = this.#rates.perHour(surprise) * 24;
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
    };
  }

  static from({ rhythm, signIns, rates }: SavedBehaviour): Behaviour {
    const behaviour = new Behaviour();
    behaviour.#rhythm = Rhythm.from(rhythm);
    behaviour.#signIns = SignIns.from(signIns);
    behaviour.#rates = new SurpriseRates(rates);
    return behaviour;
  }
}

export interface SavedBehaviour {
  readonly schema: 'wardwatch.behaviour/1';
  readonly rhythm: SavedRhythm;
  readonly signIns: SavedSignIns;
  readonly rates: SavedRates;
}
