import { readFileSync } from 'node:fs';
import { type BehaviourFinding, type EventPlace, findingId, isoTime } from '../core/finding.ts';
import { isParameter } from '../core/observation.ts';
import { isStrong, rounded } from '../core/rarity.ts';
import type { UtcMs } from '../core/event.ts';
import type { BehaviourSignal, Unusual } from '../detect/behaviour/behaviour.ts';
import { fillIn, fillStep, type TechniqueWords, type Words } from './words.ts';

/** What is said of each signal. Ours; see src/content. */
export type BehaviourWords = Readonly<
  Record<
    BehaviourSignal,
    Words & {
      readonly title: string;
      /** ATT&CK's, which say what to look for and which playbook fits; an alert brings its own. */
      readonly techniques?: readonly string[];
      /** When it is unusual enough for an incident; absent: medium. */
      readonly level?: 'medium' | 'high';
      /**
       * It is enough for an incident only if no more than so many things as unusual come in a day, in the whole
       * organisation; absent: `isStrong` alone decides. For what is only much, or new: nobody has said that it is bad, and
       * a beginner is to be told a handful of things a day.
       */
      readonly mostPerDay?: number;
    }
  >
>;

export function loadBehaviourWords(): BehaviourWords {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/behaviours.json', import.meta.url), 'utf8')) as BehaviourWords;
}

/** So unusual comes once a week or less: one point more. */
const VERY_RARE_PER_DAY = 1 / 7;

/**
 * The finding of something unusual. One for a signal, a subject and an hour: as the hour goes on, the same finding says
 * more.
 */
export function unusualFinding(
  unusual: Unusual,
  place: EventPlace,
  at: UtcMs,
  words: BehaviourWords,
  techniqueWords: TechniqueWords,
): BehaviourFinding {
  const { signal, hourKey, entities, facts, techniques } = unusual;
  const {
    title,
    plain,
    innocent,
    next,
    parameter,
    points,
    level = 'medium',
    mostPerDay,
    techniques: ownTechniques = [],
  } = words[signal];
  const ofTechnique = techniques
    .flatMap((technique) => [techniqueWords[technique], techniqueWords[technique.split('.')[0] ?? '']])
    .find((each) => each !== undefined);
  // Each kind of foreign alert is a detector of its own.
  const ruleId = signal === 'alert' ? `behaviour/alert/${facts['name'] ?? ''}` : `behaviour/${signal}`;
  const rarity = rounded(unusual);
  const isWorthALook = isStrong(rarity) && rarity.perDay <= (mostPerDay ?? Number.POSITIVE_INFINITY);
  const own = ofTechnique?.parameter ?? parameter;
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(ruleId, { path: hourKey, record: 1 }),
    kind: 'behaviour',
    ruleId,
    title,
    level: isWorthALook ? level : 'informational',
    techniques: techniques.length > 0 ? techniques : ownTechniques,
    at: isoTime(at),
    source: place,
    entities,
    matched: {},
    plain: fillIn(plain, entities, facts),
    innocent: fillIn(innocent, entities, facts),
    next: next.map((step) => fillStep(step, entities, facts)),
    evidence: [{ ...place, at: isoTime(at), ruleId }],
    author: 'Wardwatch',
    observation: {
      parameter: isParameter(own) ? own : 'discovery-and-credentials',
      points: isWorthALook ? Math.min(3, points + (rarity.perDay <= VERY_RARE_PER_DAY ? 1 : 0)) : 0,
    },
    rarity,
    facts,
  };
}
