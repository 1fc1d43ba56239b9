/** A zip of zips of logs is common, more is an attack or a mistake. */
export const MAX_DEPTH = 2;
/** `.tar.gz` inside a zip is two layers, and about as far as honest files go. */
export const MAX_LAYERS = 4;
const MAX_MEMBERS = 200_000;
/** An archive may grow this much whatever it holds; event logs hold long runs of zeros. */
const FREE_GROWTH = 100 * 1024 * 1024;
const MAX_RATIO = 500;
const MAX_TOTAL = 256 * 1024 * 1024 * 1024;
/** An archive inside another is held in memory, because a zip is read from its end. */
export const MAX_NESTED = 512 * 1024 * 1024;
/** 7-Zip runs inside 32-bit memory. */
export const MAX_SEVEN_ZIP = 1024 * 1024 * 1024;

/** An archive, or a part of one, that is not opened. The message holds nothing of what is in it. */
export class ArchiveError extends Error {
  override name = 'ArchiveError';
  readonly reason: string;

  constructor(reason: string, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** Counts what comes out of one file on disk, through all the archives in it. */
export class Meter {
  readonly #input: number;
  #output = 0;
  #members = 0;

  constructor(inputBytes: number) {
    this.#input = Math.max(1, inputBytes);
  }

  /** @throws ArchiveError where so much from so little can only be a bomb */
  add(bytes: number): void {
    this.#output += bytes;
    this.#check(this.#output);
  }

  /** As `add`, for what an archive says of itself before it is opened. */
  announce(bytes: number): void {
    this.#check(this.#output + bytes);
  }

  member(): void {
    if (++this.#members > MAX_MEMBERS)
      throw new ArchiveError('too-many-members', 'the archive has more than 200,000 members');
  }

  #check(output: number): void {
    const isBomb = output > FREE_GROWTH && output / this.#input > MAX_RATIO;
    if (isBomb || output > MAX_TOTAL)
      throw new ArchiveError('archive-bomb', 'the archive grows beyond reason when it is opened');
  }
}
