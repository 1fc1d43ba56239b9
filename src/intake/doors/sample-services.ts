import type { DoorServices } from './door.ts';

/** What a door works with, for tests: nobody is known, nothing is to come in, and nothing to go wrong, but for what is given. */
export function sampleServices(given: Partial<DoorServices>): DoorServices {
  const never = () => Promise.reject(new Error('nothing of that comes here'));
  return {
    timeZone: 'UTC',
    byToken: () => Promise.resolve(null),
    byAddress: () => Promise.resolve(null),
    byCertificate: () => Promise.resolve(null),
    accept: never,
    acceptRead: never,
    acceptHl7: never,
    acceptCare: never,
    setAside: never,
    count: () => undefined,
    pace: () => Promise.resolve(),
    report: (error) => {
      throw error;
    },
    ...given,
  };
}
