import type { Band } from '../core/observation.ts';

/** What is known this morning, as `today` weighs it. Times in milliseconds. */
export interface TodayFacts {
  readonly now: number;
  readonly incidents: readonly OpenIncident[];
  /** More are open than these. */
  readonly isPart: boolean;
  readonly sources: readonly HeardSource[];
  /** False if nothing that came could have fired any rule; `null`: not known. */
  readonly isJudged: boolean | null;
  /** Parts of the service that do not work. */
  readonly failing: readonly string[];
  /** Notices that could not be delivered. */
  readonly undelivered: number;
  readonly expiring: readonly { readonly id: string; readonly reason: string; readonly expiresAt: number }[];
  /** Things set aside in the last day. */
  readonly setAside: number;
}

export interface OpenIncident {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly owner: string | null;
  readonly isSeen: boolean;
  readonly total: number;
  readonly band: Band;
  readonly clocks: readonly { readonly title: string; readonly state: string; readonly dueAt: number }[];
  /** The first step of its playbook that nobody has ticked; `null`: all are done. */
  readonly nextStep: { readonly what: string; readonly why: string } | null;
}

export interface HeardSource {
  readonly name: string;
  /** `null`: never yet. */
  readonly lastHeardAt: number | null;
  /** `null`: not silent, or not known to be. */
  readonly silentSince: number | null;
}

/**
 * - `cannot-tell`  so little is seen that quiet would mean nothing
 * - `act`          somebody is needed now
 * - `look`         somebody is needed today
 * - `quiet`        nobody is needed, as far as is seen
 */
export type Verdict = 'cannot-tell' | 'act' | 'look' | 'quiet';

export interface Task {
  readonly what: string;
  readonly why: string;
  readonly how: string;
  /** About so long. */
  readonly minutes: number;
  /** Where it is done: an incident, or a page. */
  readonly at: { readonly page: string; readonly id: string | null };
}

export interface Today {
  readonly verdict: Verdict;
  readonly sentence: string;
  /** The first five. */
  readonly tasks: readonly Task[];
  /** How many more there would be. */
  readonly more: number;
}

export const MAX_TASKS = 5;
const DAY_MS = 24 * 3_600_000;

/** Heard within a day, and not silent for longer than it ever is. */
export function isHeard({ lastHeardAt, silentSince }: HeardSource, now: number): boolean {
  return lastHeardAt !== null && silentSince === null && now - lastHeardAt < DAY_MS;
}

/** Whether it was quiet, in a sentence, and what to do first. Pure; unknown is never quiet. */
export function today(facts: TodayFacts): Today {
  const all = tasksOf(facts);
  return {
    ...verdictOf(facts),
    tasks: all.slice(0, MAX_TASKS),
    more: Math.max(0, all.length - MAX_TASKS),
  };
}

function verdictOf({ now, incidents, isPart, sources, failing, isJudged }: TodayFacts): {
  verdict: Verdict;
  sentence: string;
} {
  const countedOpen = (count: number) => `${isPart ? 'at least ' : ''}${counted(count, 'incident')}`;
  const emergencies = incidents.filter(({ band }) => band === 'emergency').length;
  const overdue = incidents.filter(({ clocks }) => clocks.some(({ state }) => state === 'overdue')).length;
  const heard = sources.filter((source) => isHeard(source, now)).length;
  const unheard = sources.length - heard;
  const unseen =
    unheard === 0 ? '' : `${ofSources(unheard, sources.length)} not heard: what happens there is not seen.`;
  const blind = unseen === '' ? '' : ` ${unseen.charAt(0).toUpperCase()}${unseen.slice(1)}`;

  if (emergencies > 0)
    return { verdict: 'act', sentence: `Act now: ${countedOpen(emergencies)} may be doing harm.${blind}` };
  if (overdue > 0)
    return { verdict: 'act', sentence: `Act now: a deadline has passed in ${countedOpen(overdue)}.${blind}` };
  const waiting = incidents.filter(({ band, isSeen }) => band === 'urgent' || (band === 'low' && !isSeen)).length;
  if (waiting > 0) return { verdict: 'look', sentence: `Not quiet: ${countedOpen(waiting)} to look at today.${blind}` };
  if (failing.length > 0)
    return { verdict: 'cannot-tell', sentence: 'We cannot tell: a part of Wardwatch itself does not work.' };
  if (sources.length === 0)
    return { verdict: 'cannot-tell', sentence: 'We cannot tell: nothing sends its logs here yet.' };
  if (heard === 0)
    return { verdict: 'cannot-tell', sentence: 'We cannot tell: no source has been heard in the last day.' };
  if (isJudged === false)
    return {
      verdict: 'cannot-tell',
      sentence: 'We cannot tell: no rule can judge anything of what your sources send.',
    };
  if (unheard > 0) return { verdict: 'cannot-tell', sentence: `Quiet where we can see, but ${unseen}` };
  return {
    verdict: 'quiet',
    sentence: `Quiet: nothing needs you. ${counted(sources.length, 'source')} heard in the last day.`,
  };
}

/** The most pressing first. */
function tasksOf(facts: TodayFacts): readonly Task[] {
  const { incidents, failing, undelivered, expiring, setAside } = facts;
  const byScore = incidents.toSorted((a, b) => RANK[b.band] - RANK[a.band] || b.total - a.total);
  const pressing = byScore.filter(({ band }) => band === 'emergency' || band === 'urgent');
  return [
    ...byScore.flatMap((incident) => clockTasks(incident, 'overdue')),
    ...failing.map(failingTask),
    ...pressing.flatMap(incidentTask),
    ...byScore.flatMap((incident) => clockTasks(incident, 'soon')),
    ...(undelivered > 0 ? [undeliveredTask(undelivered)] : []),
    ...sourceTasks(facts),
    ...(facts.isJudged === false && facts.sources.some((source) => isHeard(source, facts.now)) ? [JUDGED_TASK] : []),
    // Without a point nothing is asked for: such an incident is in the list, not among the tasks.
    ...lowTasks(byScore.filter(({ band }) => band === 'low')),
    ...(setAside > 0 ? [setAsideTask(setAside)] : []),
    ...expiring.map(expiringTask),
  ];
}

const RANK: Readonly<Record<Band, number>> = { emergency: 3, urgent: 2, low: 1, routine: 0 };

function clockTasks({ id, title, clocks }: OpenIncident, wanted: 'overdue' | 'soon'): Task[] {
  return clocks
    .filter(({ state }) => state === wanted)
    .map(({ title: duty }) => ({
      what: duty,
      why: wanted === 'overdue' ? `The deadline has passed for: ${title}` : `Less than a day is left for: ${title}`,
      how: 'Open the incident. The clock there says whom to tell, how, and when it need not be done.',
      minutes: 30,
      at: { page: 'incident', id },
    }));
}

/** Many that say the same, as looks at records do, are one thing to do. */
function lowTasks(incidents: readonly OpenIncident[]): Task[] {
  const alike = Map.groupBy(
    incidents.filter(({ isSeen }) => !isSeen),
    ({ title }) => title,
  );
  const tasks = [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined || same.length === 1) return same.flatMap(incidentTask);
    return [
      {
        what: `Look at ${same.length} incidents: ${first.title}`,
        why: 'Nobody has looked at them yet.',
        how: 'Open each from the list of incidents. Looks at records are the privacy officer’s to explain.',
        minutes: 10,
        at: { page: 'incidents', id: null },
      },
    ];
  });
  return [...tasks, ...incidents.filter(({ isSeen }) => isSeen).flatMap(incidentTask)];
}

function incidentTask({ id, title, isSeen, nextStep, band }: OpenIncident): Task[] {
  if (!isSeen)
    return [
      {
        what: `Look at: ${title}`,
        why: band === 'emergency' ? 'It may be doing harm now, and nobody has looked.' : 'Nobody has looked at it yet.',
        how: 'Open it, read what was found, then take it or say that it is normal.',
        minutes: 10,
        at: { page: 'incident', id },
      },
    ];
  if (nextStep === null) return [];
  return [
    {
      what: nextStep.what,
      why: `${nextStep.why} (The next step of: ${title})`,
      how: 'Do it, then tick it off in the incident.',
      minutes: 20,
      at: { page: 'incident', id },
    },
  ];
}

function failingTask(part: string): Task {
  return {
    what: `Restart Wardwatch: its ${part} has stopped`,
    why: 'What your sources send is kept, but it is not all judged or searchable until then.',
    how: 'Look for “alarm” in its log, then restart the service. Settings, Health and storage, says what is wrong.',
    minutes: 10,
    at: { page: 'upkeep', id: null },
  };
}

function undeliveredTask(count: number): Task {
  return {
    what: `Mend the way that people are told: ${counted(count, 'notice')} could not be delivered`,
    why: 'If something happens tonight, nobody will be told.',
    how: 'An administrator finds what went wrong under Settings, Notices, and can send a test from there.',
    minutes: 15,
    at: { page: 'notices', id: null },
  };
}

function sourceTasks({ sources, now }: TodayFacts): Task[] {
  if (sources.length === 0)
    return [
      {
        what: 'Connect your first source',
        why: 'Until something sends its logs here, Wardwatch sees nothing.',
        how: 'Start with a domain controller or the firewall. The page has the lines to copy.',
        minutes: 15,
        at: { page: 'sources', id: null },
      },
    ];
  const silent = sources.filter((source) => !isHeard(source, now));
  if (silent.length === 0) return [];
  const [only] = silent;
  return [
    {
      what:
        silent.length === 1 && only !== undefined
          ? `Find out why ${only.name} sends nothing`
          : `Find out why ${silent.length} sources send nothing`,
      why: 'What happens there is not seen. Attackers switch logs off first.',
      how: 'Check that it is on, that its log shipper runs, and that nothing blocks the way here.',
      minutes: 15,
      at: { page: 'sources', id: null },
    },
  ];
}

const JUDGED_TASK: Task = {
  what: 'Send logs that can be judged',
  why: 'What has come so far could never have fired a rule, whatever happened.',
  how: 'Begin with the Security log of a domain controller, or the firewall. The page of rules says what each needs.',
  minutes: 15,
  at: { page: 'rules', id: null },
};

function setAsideTask(count: number): Task {
  return {
    what: `See why ${counted(count, 'message')} could not be read`,
    why: 'What cannot be read is not judged.',
    how: 'The page says for each what was wrong. Often it is one setting of one source.',
    minutes: 10,
    at: { page: 'set-aside', id: null },
  };
}

function expiringTask({ reason }: TodayFacts['expiring'][number]): Task {
  return {
    what: 'Decide again whether something is still normal',
    why: `This was called normal, and soon is no longer: ${reason}`,
    how: 'If it still is, say so anew; if not, let it end.',
    minutes: 5,
    at: { page: 'exceptions', id: null },
  };
}

function counted(count: number, thing: string): string {
  return `${new Intl.NumberFormat('en-GB').format(count)} ${thing}${count === 1 ? '' : 's'}`;
}

function ofSources(unheard: number, all: number): string {
  return all === 1 ? 'the only source is' : `${unheard} of ${all} sources ${unheard === 1 ? 'is' : 'are'}`;
}
