import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

interface Destination {
  /** Machines of ours that were there: at most `COMMON_HOSTS`. */
  readonly hosts: string[];
  since: UtcMs;
  /** The hour, since 1970, of its last visit. */
  hour: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So many machines make a place one that the organisation goes to. */
const COMMON_HOSTS = 3;
/** What one or two machines have gone to for so long is theirs: a supplier, a backup. A whole week has then been seen. */
const KNOWN_MS = 7 * DAY_MS;
/** About 200 bytes each: 20 MB. The place longest without a visit is forgotten first. */
const MAX_DESTINATIONS = 100_000;

/** Remembers which places outside the organisation's machines go to, and says which of them are rare. */
export class Destinations {
  readonly #places = new Map<string, Destination>();

  /** True if hardly any of our machines go there, and none for long. It is remembered. */
  isRare(place: string, host: string, at: UtcMs): boolean {
    const hour = Math.floor(at / HOUR_MS);
    let destination = this.#places.get(place);
    if (destination === undefined) {
      forgetOldest(this.#places, MAX_DESTINATIONS);
      destination = { hosts: [], since: at, hour };
      this.#places.set(place, destination);
    } else if (hour > destination.hour) {
      // The map's order is that of last use, by the hour.
      destination.hour = hour;
      this.#places.delete(place);
      this.#places.set(place, destination);
    }
    const { hosts, since } = destination;
    if (hosts.length < COMMON_HOSTS && !hosts.includes(host)) hosts.push(host);
    return hosts.length < COMMON_HOSTS && at - since < KNOWN_MS;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const place of this.#places.values()) {
      place.since = Math.min(place.since, to);
      place.hour = Math.min(place.hour, Math.floor(to / HOUR_MS));
    }
  }

  save(): SavedDestinations {
    return Array.from(this.#places, ([place, { hosts, since, hour }]) => [place, since, hour, ...hosts]);
  }

  static from(saved: SavedDestinations = []): Destinations {
    const destinations = new Destinations();
    for (const [place, since, hour, ...hosts] of saved) destinations.#places.set(place, { hosts, since, hour });
    return destinations;
  }
}

export type SavedDestinations = readonly (readonly [place: string, since: UtcMs, hour: number, ...hosts: string[]])[];
