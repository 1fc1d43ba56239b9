/**
 * `npm run bench -- local-rules`: what rules that were made of searches cost, an event, on a hospital's mixture of events. Fifty is the most that
 * can be on. The yardstick is reading the event's fields as JSON.
 */
import { lookAt, matcherOf } from '../src/store/archive/predicate-match.ts';
import { lookedForBy } from '../src/watch/local-rules.ts';
import { report } from './figures.ts';
import { HospitalEvents } from './hospital-events.ts';

const EVENTS = 20_000;
const RUNS = 5;
/** As analysts type them: fields, pieces, stars, addresses, words anywhere. */
const QUERIES = (number: number): readonly string[] => [
  `host:ward-${number} process:*psexec*`,
  `event:4625 user:svc_${number}`,
  `command:"net use" -user:svc_${number}`,
  `ip:203.0.${number}.0/24`,
  `rclone${number}`,
];

export function benchLocalRules(): void {
  const events = new HospitalEvents(5, Date.now());
  const made = Array.from({ length: EVENTS }, () => {
    const { event } = events.next(1000);
    return { event, json: JSON.stringify(event.fields) };
  });
  const yardstick = {
    name: 'JSON.parse of the fields, µs',
    values: times(() => made.forEach(({ json }) => void JSON.parse(json))),
  };
  const budgets = { 10: { must: 10, aim: 5 }, 50: { must: 50, aim: 25 } } as const;
  for (const [count, budget] of Object.entries(budgets)) {
    const rules = Array.from({ length: Number(count) }, (_, at) => {
      const queries = QUERIES(at);
      return matcherOf(lookedForBy(queries[at % queries.length] ?? ''));
    });
    const values = times(() => {
      for (const { event, json } of made) {
        const looked = lookAt(event, json);
        for (const isWanted of rules) isWanted(looked);
      }
    });
    report({ name: `judging by ${count} rules made of searches, an event`, unit: 'µs', values, yardstick, ...budget });
  }
}

/** Microseconds an event, after one run to warm up. */
function times(work: () => void): number[] {
  work();
  return Array.from({ length: RUNS }, () => {
    const begun = performance.now();
    work();
    return ((performance.now() - begun) * 1000) / EVENTS;
  });
}
