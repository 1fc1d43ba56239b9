import type { Hospital } from '../hospital.ts';
import type { LocalDay, Zone } from '../zone.ts';
import type { LookDay } from './looks.ts';

/** Who somebody is for a day's work: role × department. A person may be of several, each with a weight; the first is the main one. */
export interface Place {
  readonly group: number;
  readonly weight: number;
}

/** Groups by id: role and department, -1 when the directory does not say. */
export class Groups {
  readonly role: number[] = [];
  readonly department: number[] = [];
  readonly #ids = new Map<number, number>();

  get count(): number {
    return this.role.length;
  }

  idOf(role: number, department: number): number {
    const key = (role + 1) * 65_536 + department + 1;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.role.length);
    this.role.push(role);
    this.department.push(department);
    return this.role.length - 1;
  }
}

/** Share of a day's looks made in one other department that says somebody worked there. Assumed. */
const WORKED_THERE = 0.4;
const ENOUGH_LOOKS = 4;

/**
 * Where everybody works on one day: the directory, then the rota, then where their looks were made. Rotas have holes and
 * bank staff have none; the device says where they stood.
 */
export function placesOf(day: LookDay, hospital: Hospital, groups: Groups): readonly (readonly Place[] | undefined)[] {
  const { zone } = hospital;
  const start = zone.startOf(day.day);
  const end = zone.startOf(day.day + 1);
  const where = new Map<number, Map<number, number>>();
  const looks = new Map<number, number>();
  for (let look = 0; look < day.count; look++) {
    const user = day.user.at(look);
    looks.set(user, (looks.get(user) ?? 0) + 1);
    const place = day.place.at(look);
    if (place < 0) continue;
    const counts = where.get(user);
    if (counts === undefined) where.set(user, new Map([[place, 1]]));
    else counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const places: (readonly Place[] | undefined)[] = Array.from({ length: hospital.users.size });
  for (const [user, count] of looks) {
    places[user] = placesOfUser(user, count, where.get(user) ?? new Map(), start, end, hospital, groups);
  }
  return places;
}

/**
 * Where one person works on a day.
 * @param counts by department: of their `looks`, how many were made there
 */
export function placesOfUser(
  user: number,
  looks: number,
  counts: ReadonlyMap<number, number>,
  start: number,
  end: number,
  hospital: Hospital,
  groups: Groups,
): readonly Place[] {
  const posts = hospital.posts[user] ?? [];
  const valid = posts.filter(({ from, to }) => from < end && to > start);
  const held = valid.length > 0 ? valid : posts.slice(-1);
  const role = held[0]?.role ?? -1;
  const homes = held.length > 0 ? held.map(({ department }) => department) : [-1];
  const duties = dutiesOn(user, start, end, hospital).filter((department) => !homes.includes(department));
  const stood: number[] = [];
  for (const [department, seen] of counts)
    if (
      seen >= ENOUGH_LOOKS &&
      seen >= WORKED_THERE * looks &&
      !homes.includes(department) &&
      !duties.includes(department)
    )
      stood.push(department);
  const away = [...duties, ...stood];
  const list: Place[] = [];
  for (const department of away) list.push({ group: groups.idOf(role, department), weight: 0.65 / away.length });
  for (const department of homes)
    list.push({ group: groups.idOf(role, department), weight: (away.length > 0 ? 0.35 : 1) / homes.length });
  // A list that was pushed to has room for seventeen, and four days of everybody’s are held.
  return list.slice();
}

function dutiesOn(user: number, start: number, end: number, { duties }: Hospital): number[] {
  const found: number[] = [];
  for (const duty of duties[user] ?? [])
    if (duty.from < end && duty.to > start && !found.includes(duty.department)) found.push(duty.department);
  return found;
}

/** Whether the rota has this person at work at that instant; null when the rota says nothing of them that week. */
export function isOnDuty(user: number, at: number, { duties }: Hospital): boolean | null {
  const own = duties[user];
  if (own === undefined) return null;
  let isNear = false;
  for (const { from, to } of own) {
    if (at >= from - HOUR_MS && at <= to + HOUR_MS) return true;
    if (Math.abs(at - from) < WEEK_MS) isNear = true;
  }
  return isNear ? false : null;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 86_400_000;

/** Staff on the directory that day: what a budget is counted against. */
export function staffOn(day: LocalDay, { posts, isShared }: Hospital, zone: Zone): number {
  const start = zone.startOf(day);
  const end = zone.startOf(day + 1);
  let count = 0;
  for (const [user, own] of posts.entries())
    if (own?.some(({ from, to }) => from < end && to > start) === true && isShared[user] !== true) count++;
  return count;
}
