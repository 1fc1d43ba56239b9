/** One event of a correlation's window. `values` are those of the correlation's value field(s), `null` where absent. */
export interface Sighting<Reference> {
  readonly at: number;
  /** Which of the correlation's rules fired: an index into its list. */
  readonly rule: number;
  readonly value: string | null;
  readonly reference: Reference;
}

/** Sightings in the order of their times, oldest first; of the same time in the order in which they came. */
export class Timeline<Reference> {
  #sightings: Sighting<Reference>[] = [];
  /** What stands before it is over; its room is given back when it is half of the list. */
  #head = 0;

  get count(): number {
    return this.#sightings.length - this.#head;
  }

  /** The sighting at a place; the oldest is at 0. */
  at(place: number): Sighting<Reference> | undefined {
    return this.#sightings[this.#head + place];
  }

  /** The place of the first sighting at this time or later, no earlier than `from`; `count` if there is none. */
  placeOf(time: number, from: number): number {
    let low = this.#head + from;
    let high = this.#sightings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sightings[middle]?.at ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low - this.#head;
  }

  /** Puts a sighting in its place. Cheap if it is among the newest. */
  add(sighting: Sighting<Reference>): void {
    const list = this.#sightings;
    let at = list.length;
    while (at > this.#head && (list[at - 1]?.at ?? 0) > sighting.at) at--;
    if (at === list.length) list.push(sighting);
    else list.splice(at, 0, sighting);
  }

  /** Takes the oldest away. */
  shift(): Sighting<Reference> | undefined {
    const first = this.#sightings[this.#head];
    if (first === undefined) return undefined;
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#sightings.length) {
      this.#sightings = this.#sightings.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  /** Takes one away, if it is there still. */
  remove(sighting: Sighting<Reference>): void {
    const at = this.#sightings.indexOf(sighting, this.#head);
    if (at >= 0) this.#sightings.splice(at, 1);
  }

  /** At most `most`, and then the first and the last of them. */
  some(most: number): Sighting<Reference>[] {
    const all = this.#sightings.slice(this.#head);
    return all.length <= most ? all : [...all.slice(0, most / 2), ...all.slice(-most / 2)];
  }

  clear(): void {
    this.#sightings = [];
    this.#head = 0;
  }
}
