import { type Hospital, postOn } from '../../src/records/hospital.ts';
import { newReport, readTable } from '../../src/records/table.ts';
import { dayText } from '../../src/records/zone.ts';

/** False alerts and accesses of every group, pooled over hospitals. */
export class Fairness {
  readonly #groups = new Map<string, { falseAlerts: number; accesses: number }>();
  readonly #all = { falseAlerts: 0, accesses: 0 };

  add(
    hospital: Hospital,
    sites: ReadonlyMap<string, string>,
    user: number,
    day: number,
    deciles: ReadonlyMap<number, number>,
    what: 'falseAlerts' | 'accesses',
    count: number,
  ): void {
    const post = postOn(user, hospital.zone.startOf(day), hospital);
    if (post === undefined) return;
    const decile = deciles.get(hospital.userSurname[user] ?? -1);
    const weekday = new Date(`${dayText(day)}T12:00:00Z`).getUTCDay() % 6 === 0 ? 'weekend' : 'weekday';
    const names = [
      `role ${hospital.roles.textOf(post.role)}`,
      `surname decile ${decile ?? 'unknown'}`,
      `shift ${weekday}`,
      `site ${sites.get(hospital.users.textOf(user)) ?? 'unknown'}`,
    ];
    for (const name of names) {
      const group = this.#groups.get(name) ?? { falseAlerts: 0, accesses: 0 };
      group[what] += count;
      this.#groups.set(name, group);
    }
    this.#all[what] += count;
  }

  /** Each group's false alerts an access, against the whole, with a 95 % interval (log-normal of a Poisson count). */
  rows(): { group: string; falseAlerts: number; ratio: number; low: number; high: number; must: string }[] {
    const whole = this.#all.falseAlerts / Math.max(1, this.#all.accesses);
    return [...this.#groups]
      .filter(([, { accesses }]) => accesses > 0)
      .map(([group, { falseAlerts, accesses }]) => {
        const ratio = falseAlerts / accesses / whole;
        const spread = Math.exp(1.96 / Math.sqrt(Math.max(0.5, falseAlerts)));
        const low = Math.round((ratio / spread) * 100) / 100;
        return {
          group,
          falseAlerts,
          ratio: Math.round(ratio * 100) / 100,
          low,
          high: Math.round(ratio * spread * 100) / 100,
          must: low < 1.25 ? 'met' : 'missed',
        };
      })
      .sort((a, b) => b.low - a.low);
  }
}

/** Where each log-in works, as staff.csv has it. The model does not look at it. */
export function sitesOf(folder: string): Map<string, string> {
  const sites = new Map<string, string>();
  readTable(folder, { file: 'staff.csv', required: ['user', 'site'], optional: [] }, newReport(), ({ user, site }) => {
    sites.set(user, site);
    return null;
  });
  return sites;
}

/** Tenths of the patients by how common their surname is: 1 the commonest, 10 the rarest. */
export function surnameDeciles(hospital: Hospital): Map<number, number> {
  const counts = new Map<number, number>();
  for (const surname of hospital.keys.surname.view())
    if (surname >= 0) counts.set(surname, (counts.get(surname) ?? 0) + 1);
  const ordered = [...counts].sort((a, b) => b[1] - a[1]);
  const total = ordered.reduce((sum, [, count]) => sum + count, 0);
  const deciles = new Map<number, number>();
  let before = 0;
  for (const [surname, count] of ordered) {
    deciles.set(surname, Math.min(10, 1 + Math.floor((10 * before) / total)));
    before += count;
  }
  return deciles;
}
