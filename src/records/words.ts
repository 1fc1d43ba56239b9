import { type Hospital, postOn } from './hospital.ts';

/** Words are a fact and a number each; none of them says that anybody did wrong. */

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

export function listed(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

/**
 * How a person is named to a reviewer: role and department, as the directory had them at that instant.
 * @param isFoundShared several people use it, whatever the directory says
 */
export function personText(user: number, at: number, hospital: Hospital, isFoundShared = false): string {
  const { users, roles, departments, isShared } = hospital;
  const post = postOn(user, at, hospital);
  if (isFoundShared && isShared[user] !== true)
    return `The log-in ${users.textOf(user)}, which is used on two machines at once on most days and so seems to be shared,`;
  if (isShared[user] === true) return `The shared log-in ${users.textOf(user)}`;
  if (post === undefined) return `${users.textOf(user)} (not in the staff directory)`;
  return `${users.textOf(user)} (${roles.textOf(post.role)}, ${departments.textOf(post.department)})`;
}

/** A cause as a reason in a sentence: “the patient was staying on Ward 7”. By place in `CAUSES`. */
const REASONS: readonly ((department: string) => string)[] = [
  (department) => `the patient was staying on ${department}`,
  (department) => `the patient was about to be admitted to ${department}`,
  (department) => `the patient had just left ${department}`,
  (department) => `the patient had been on ${department} in the three weeks before`,
  (department) => `the patient had an appointment with ${department} that day`,
  (department) => `the patient had an appointment coming up with ${department}`,
  (department) => `the patient had been seen by ${department} in the five days before`,
  (department) => `the patient had been seen by ${department} in the four weeks before`,
  (department) => `the patient had an open referral to ${department}`,
  (department) => `a referral of the patient to ${department} had ended shortly before`,
  (department) => `an order for the patient was open with ${department}`,
  (department) => `an order for the patient with ${department} had been done shortly before`,
  (department) => `the patient was known to ${department} from the last months`,
];

export function reasonText(kind: number, department: string): string {
  return REASONS[kind]?.(department) ?? 'the patient is under care';
}

/** What was looked for, in the order in which a reviewer would check it; and the file that would have shown it. */
const LOOKED_FOR: readonly (readonly [file: string, what: string, missing: string])[] = [
  ['stays.csv', 'a stay', 'ward stays'],
  ['appointments.csv', 'an appointment', 'appointments'],
  ['referrals.csv', 'a referral', 'referrals'],
  ['orders.csv', 'an order', 'orders'],
];

export function lookedForText(missing: readonly string[]): string {
  const looked = LOOKED_FOR.filter(([file]) => !missing.includes(file)).map(([, what]) => what);
  return looked.length === 0
    ? 'no record of stays, appointments, referrals or orders was given to look in'
    : `we looked for ${listed(looked)} that ties the patient to this person’s work, and found none`;
}

/** Missing files and columns, as a reader says them. */
const NOT_RECEIVED: Readonly<Record<string, string>> = {
  'stays.csv': 'ward stays',
  'appointments.csv': 'appointments',
  'referrals.csv': 'referrals',
  'orders.csv': 'orders',
  'rota.csv': 'the rota',
  'staff.csv': 'the staff directory',
  'patients.csv': 'the patient list',
  'departments.csv': 'the list of departments',
  'locations.csv': 'which location belongs to which department',
  'accesses.csv: action': 'whether a record was read, changed, printed or exported',
  'accesses.csv: resource': 'which part of a record was opened',
  'accesses.csv: device': 'on what kind of device a record was opened',
  'accesses.csv: host': 'on which computer a record was opened',
  'accesses.csv: address': 'from which network address a record was opened',
  'accesses.csv: location': 'where a record was opened',
  'accesses.csv: purpose': 'the reason that was given for opening a record',
  'accesses.csv: break_glass': 'whether a record was opened in an emergency',
  'accesses.csv: session': 'which accesses were one sitting at the computer',
  'accesses.csv: sequence': 'the running number of an access, which shows whether one is left out',
  'accesses.csv: outcome': 'whether an access was refused',
};

/** What was not received, in words, each once. A column that has none of its own is named with its file. */
export function notReceived(missing: readonly string[]): readonly string[] {
  const words = missing.map((name) => {
    const [file = '', column] = name.split('.csv: ');
    return (
      NOT_RECEIVED[name] ??
      (column === undefined ? name.replace('.csv', '') : `the ${column.replaceAll('_', ' ')} of ${file}`)
    );
  });
  return [...new Set(words)];
}

export function missingText(missing: readonly string[]): string {
  return listed(notReceived(missing));
}
