import { Chain, readChain } from '../store/archive/chain.ts';
import { keyFilesIn } from '../store/backup/key-proof.ts';
import { lockData } from '../store/lock.ts';
import { placesIn } from '../store/places.ts';
import { type Keyring, openKeyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import { writeGiven } from './given-pseudonyms.ts';
import { Identities } from './identities.ts';

export interface Rotation {
  readonly from: string;
  readonly to: string;
}

export interface Rotated {
  readonly pseudonym: Rotation;
  readonly seal: Rotation;
  /** Identities that are sealed with the new key now. */
  readonly sealedAnew: number;
}

/**
 * Makes new keys for pseudonyms and for sealing, and says so in the chain. What is in sealed segments stays as it is.
 * Persons who have a pseudonym keep it; who pseudonyms are is sealed anew. Nothing else may work on the data meanwhile.
 *
 * Interrupted anywhere, it leaves a data folder that a service starts on: what pseudonyms were given is written before
 * the new key is there, and a rotation that the chain does not know of is entered when the service starts.
 *
 * @throws Refusal `store/in-use`, `keys/missing`, and those of `openKeyring`
 */
export async function rotateKeys(data: string, keysFolder: string, state: State, now: () => number): Promise<Rotated> {
  const { archive, given } = placesIn(data);
  keyFilesIn(keysFolder);
  const unlock = await lockData(data);
  try {
    const pseudonyms = await openKeyring(keysFolder, 'pseudonym', data);
    const seals = await openKeyring(keysFolder, 'seal', data);
    const identities = new Identities(state, seals, now);
    await writeGiven(identities, given);
    const pseudonym = await pseudonyms.rotate();
    const seal = await seals.rotate();
    const chain = await Chain.open(archive, readChain(archive), now(), () => undefined);
    try {
      for (const { from, to } of missingRotations(archive, [pseudonyms, seals]))
        await chain.add({ kind: 'keys-rotated', from, to }, now());
    } finally {
      await chain.close();
    }
    return { pseudonym, seal, sealedAnew: await identities.sealAnew() };
  } finally {
    unlock();
  }
}

/** Rotations that these keys show and the chain does not know of. */
export function missingRotations(archiveFolder: string, keyrings: readonly Keyring[]): Rotation[] {
  const all = keyrings.flatMap(({ keyIds }) => keyIds.slice(1).map((to, i) => ({ from: keyIds[i] ?? '', to })));
  if (all.length === 0) return [];
  const known = new Set(readChain(archiveFolder).lines.map((line) => (line.kind === 'keys-rotated' ? line.to : '')));
  return all.filter(({ to }) => !known.has(to));
}
