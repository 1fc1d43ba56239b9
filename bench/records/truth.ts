import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Incident {
  readonly scenario: string;
  readonly users: ReadonlySet<string>;
  readonly patients: ReadonlySet<string>;
  /** First day on which anything could be seen. */
  readonly firstDay: string;
}

/** labels.csv, as the benchmark sees it; the review never does. */
export interface Truth {
  readonly incidents: ReadonlyMap<string, Incident>;
  /** `user day` → incident. */
  readonly byPersonDay: ReadonlyMap<string, string>;
  /** patient → incident of many eyes. */
  readonly byPatient: ReadonlyMap<string, string>;
  /** `incident` → labelled `day` of each record. */
  readonly records: ReadonlyMap<string, readonly string[]>;
}

/** @param from labels of earlier days belong to the training time */
export function readTruth(folder: string, from: string): Truth {
  const incidents = new Map<string, Incident>();
  const byPersonDay = new Map<string, string>();
  const byPatient = new Map<string, string>();
  const records = new Map<string, string[]>();
  for (const line of readFileSync(path.join(folder, 'labels.csv'), 'utf8').trim().split('\n').slice(1)) {
    const [id = '', scenario = '', user = '', patient = '', day = ''] = line.split(',');
    if (day < from) continue;
    const known = incidents.get(id);
    incidents.set(id, {
      scenario,
      users: new Set([...(known?.users ?? []), user]),
      patients: new Set([...(known?.patients ?? []), patient]),
      firstDay: known === undefined || day < known.firstDay ? day : known.firstDay,
    });
    byPersonDay.set(`${user} ${day}`, id);
    if (scenario === 'crowd' || scenario === 'news-patient') byPatient.set(patient, id);
    records.set(id, [...(records.get(id) ?? []), day]);
  }
  return { incidents, byPersonDay, byPatient, records };
}
