import { type LoadedRules, referenceKey } from '../detect/sigma/index.ts';

/** The ids of rules that only serve correlations: named by at least one, and by none with `generate: true`. */
export function silentRules(rules: LoadedRules): Set<string> {
  const silent = new Set<string>();
  const spoken = new Set<string>();
  for (const correlation of rules.correlations)
    for (const name of correlation.rules) (correlation.generate ? spoken : silent).add(referenceKey(name));
  return new Set(
    [...rules.rules, ...rules.correlations]
      .filter(
        ({ id, name }) =>
          [id, name].some((word) => word !== null && silent.has(referenceKey(word))) &&
          ![id, name].some((word) => word !== null && spoken.has(referenceKey(word))),
      )
      .map(({ id }) => id),
  );
}
