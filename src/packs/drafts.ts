import { readFileSync } from 'node:fs';
import { wallText } from '../incidents/clocks.ts';
import type { Facts } from './facts.ts';

/** A draft, in the order of the form that it is for. */
export interface Draft {
  /** The file's name without its ending. */
  readonly name: string;
  readonly title: string;
  /** It goes to patients, and may name one. */
  readonly isLetter: boolean;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

interface Grid {
  readonly source: string;
  readonly likelihood: readonly string[];
  readonly severity: readonly string[];
  readonly reportableFrom: { readonly likelihood: number; readonly severity: number };
}

/** Which clocks of src/content/clocks.json a draft helps to meet, by its name; others are for no deadline. */
export const DUTIES: Readonly<Record<string, readonly string[]>> = {
  '1-ico-notification': ['ico-72h'],
  '2-ico-follow-up': ['ico-72h'],
  '3-dspt-report': ['ico-72h', 'nis-72h'],
  '4-letter-to-patients': ['people'],
  '5-letter-easy-read': ['people'],
};

/** What only a person can know. */
const TO_FILL = (what: string) => `[To fill in: ${what}]`;

/** All drafts of an incident. Each has to be read, completed and signed off by a person: none is ever sent from here. */
export function draftsOf(facts: Facts): readonly Draft[] {
  return [
    icoFirst(facts),
    icoFollowUp(facts),
    dsptReport(facts),
    patientLetter(facts),
    easyReadLetter(facts),
    boardNote(facts),
    staffNote(),
    pressLine(facts),
    partnerHandOver(facts),
  ];
}

/** **Source:** UK GDPR Art 33(3) and (4); the order is that of the ICO's form for personal data breaches. */
function icoFirst(facts: Facts): Draft {
  return {
    name: '1-ico-notification',
    isLetter: false,
    title: 'Notification of a personal data breach to the Information Commissioner: first report',
    sections: [
      {
        heading: 'About this report',
        lines: [
          'This is a first report. More follows when it is known (Art 33(4)).',
          `Our reference: ${facts.incidentId}`,
        ],
      },
      {
        heading: 'What happened',
        lines: [
          facts.title,
          TO_FILL('in two or three sentences, how it was found and what the cause is thought to be'),
          `Was it a cyber incident? ${TO_FILL('yes or no')}`,
        ],
      },
      {
        heading: 'When it happened, and when we became aware',
        lines: [
          facts.firstEvidenceAt === null
            ? TO_FILL('when it began')
            : `The first trace is of ${wall(facts, facts.firstEvidenceAt)}, the last so far of ${wall(facts, facts.lastEvidenceAt)}.`,
          facts.awareAt === null
            ? TO_FILL('when we became aware: start the ICO clock of the incident')
            : `We became aware on ${wall(facts, facts.awareAt)}.`,
          delay(facts),
        ],
      },
      {
        heading: 'Categories of personal data',
        lines: [...kinds(facts), 'This is data concerning health (special category, Art 9).'],
      },
      { heading: 'How many people, and how many records', lines: counts(facts) },
      {
        heading: 'Categories of people',
        lines: ['Patients.', TO_FILL('others: staff, next of kin, children, people at risk')],
      },
      { heading: 'Likely consequences', lines: [TO_FILL('what it may lead to for them, and how likely that is')] },
      {
        heading: 'Is there a high risk to people, and have they been told',
        lines: [TO_FILL('yes or no, and why; Art 34')],
      },
      { heading: 'Measures taken', lines: measures(facts) },
      {
        heading: 'Measures planned',
        lines: facts.open.length === 0 ? [TO_FILL('what is planned')] : facts.open,
      },
      {
        heading: 'Who else has been told',
        lines: [TO_FILL('NHS England, police, other regulators, other controllers, with references')],
      },
      { heading: 'Contact', lines: [TO_FILL('name and contact of the data protection officer')] },
    ],
  };
}

function icoFollowUp(facts: Facts): Draft {
  return {
    name: '2-ico-follow-up',
    isLetter: false,
    title: 'Notification of a personal data breach to the Information Commissioner: follow-up',
    sections: [
      {
        heading: 'About this report',
        lines: [
          `It follows our first report of ${TO_FILL('date and ICO reference')}.`,
          `Our reference: ${facts.incidentId}`,
        ],
      },
      { heading: 'What is new', lines: [TO_FILL('what has been found out since: cause, extent, containment')] },
      { heading: 'How many people, and how many records, as known now', lines: counts(facts) },
      { heading: 'What cannot be known', lines: gaps(facts) },
      { heading: 'Measures taken since', lines: measures(facts) },
      { heading: 'People told', lines: [TO_FILL('how many, how, when; or why not (Art 34(3))')] },
      { heading: 'So that it does not happen again', lines: [TO_FILL('measures, owner and date of each')] },
    ],
  };
}

/** **Source:** the DSPT incident reporting tool; the grid and its source are in src/content/dspt-grid.json. */
function dsptReport(facts: Facts): Draft {
  const grid = JSON.parse(readFileSync(new URL('../content/dspt-grid.json', import.meta.url), 'utf8')) as Grid;
  return {
    name: '3-dspt-report',
    isLetter: false,
    title: 'Report for the DSPT incident tool',
    sections: [
      { heading: 'What happened', lines: [facts.title, `Reference: ${facts.incidentId}`] },
      {
        heading: 'When',
        lines: [
          `Opened ${wall(facts, facts.openedAt)}.`,
          facts.awareAt === null ? TO_FILL('when we became aware') : `Aware since ${wall(facts, facts.awareAt)}.`,
        ],
      },
      { heading: 'How many people', lines: counts(facts) },
      {
        heading: 'Grid: likelihood by severity',
        lines: [...gridLines(facts, grid), `Source of the grid: ${grid.source}.`],
      },
      {
        heading: 'Is care affected, and for how long (NIS)',
        lines: [TO_FILL('services affected, since when, how many patients')],
      },
      { heading: 'Measures', lines: measures(facts) },
      { heading: 'Local contact', lines: [TO_FILL('name, role, telephone')] },
    ],
  };
}

function gridLines({ grid }: Facts, { likelihood, severity, reportableFrom }: Grid): string[] {
  if (grid === null)
    return [
      TO_FILL('likelihood and severity, 1 to 5 each'),
      ...scale('Likelihood', likelihood),
      ...scale('Severity', severity),
    ];
  const isReportable = grid.likelihood >= reportableFrom.likelihood && grid.severity >= reportableFrom.severity;
  return [
    `Likelihood ${grid.likelihood}: ${likelihood[grid.likelihood - 1] ?? ''}.`,
    `Severity ${grid.severity}: ${severity[grid.severity - 1] ?? ''}.`,
    `Score ${grid.likelihood * grid.severity}: ${isReportable ? 'reportable' : 'not reportable; record why'}.`,
  ];
}

function scale(name: string, labels: readonly string[]): string[] {
  return labels.map((label, index) => `${name} ${index + 1}: ${label}`);
}

/** **Source:** UK GDPR Art 34(2): the nature of the breach, a contact, likely consequences, measures. */
function patientLetter(facts: Facts): Draft {
  return {
    name: '4-letter-to-patients',
    isLetter: true,
    title: 'Letter to patients',
    sections: [
      { heading: 'Dear [name]', lines: letterOpening(facts) },
      { heading: 'What this may mean for you', lines: [TO_FILL('likely consequences, in plain words')] },
      {
        heading: 'What we have done',
        lines: [
          TO_FILL('two or three sentences'),
          ...(isIcoTold(facts) ? ['We have told the Information Commissioner.'] : []),
        ],
      },
      {
        heading: 'What you can do',
        lines: [
          'Be careful with calls, letters and mails that ask for money or details, even if they know things about you.',
          TO_FILL('anything else'),
        ],
      },
      { heading: 'Your care', lines: [TO_FILL('whether care goes on as before, and which appointments are kept')] },
      {
        heading: 'Questions',
        lines: [
          TO_FILL('telephone, hours, mail; name and contact of the data protection officer'),
          'You may also complain to the Information Commissioner: ico.org.uk, 0303 123 1113.',
        ],
      },
    ],
  };
}

function letterOpening(facts: Facts): string[] {
  return [
    'We are writing because something went wrong with information that we hold about you. We are sorry.',
    facts.firstEvidenceAt === null
      ? TO_FILL('what happened, in one sentence')
      : `Between ${day(facts, facts.firstEvidenceAt)} and ${day(facts, facts.lastEvidenceAt)} somebody who should not have may have seen it.`,
    TO_FILL('which information, in plain words'),
  ];
}

function easyReadLetter(facts: Facts): Draft {
  return {
    name: '5-letter-easy-read',
    isLetter: true,
    title: 'Letter to patients, easy read',
    sections: [
      {
        heading: 'What happened',
        lines: ['We keep information about you.', 'Somebody looked at it who should not.', 'We are sorry.'],
      },
      { heading: 'What they may have seen', lines: [TO_FILL('one short line for each thing')] },
      {
        heading: 'What we did',
        lines: [
          TO_FILL('whether it has stopped, and how'),
          ...(isIcoTold(facts) ? ['We told the people who check on us.'] : []),
        ],
      },
      {
        heading: 'What you can do',
        lines: ['If somebody asks you for money, say no.', 'If you are worried, ring us.', TO_FILL('telephone')],
      },
      { heading: 'Your care', lines: [TO_FILL('whether care stays the same, and whether to come to appointments')] },
    ],
  };
}

function boardNote(facts: Facts): Draft {
  return {
    name: '6-board-note',
    isLetter: false,
    title: 'Note for the board',
    sections: [
      { heading: 'What', lines: [facts.title, ...counts(facts)] },
      {
        heading: 'Deadlines',
        lines:
          facts.clocks.length === 0
            ? ['No clock has been started.']
            : facts.clocks.map(
                ({ title, dueAt, state, metAt }) =>
                  `${title}: due ${wall(facts, dueAt)}; ${STATE_WORDS[state]}${metAt === null ? '' : `, on ${wall(facts, metAt)}`}`,
              ),
      },
      { heading: 'What has been done', lines: measures(facts) },
      {
        heading: 'What is open',
        lines: facts.open.length === 0 ? ['Every step of the playbook is done.'] : facts.open,
      },
      { heading: 'What we cannot know', lines: gaps(facts) },
      { heading: 'Decisions asked of the board', lines: [TO_FILL('decisions, with a recommendation')] },
    ],
  };
}

const STATE_WORDS = {
  running: 'running',
  soon: 'less than a day left',
  overdue: 'OVERDUE',
  met: 'met',
  late: 'met late',
  'not-needed': 'ended without telling, with a reason',
} as const;

function staffNote(): Draft {
  return {
    name: '7-staff-note',
    isLetter: false,
    title: 'Note for all staff',
    sections: [
      {
        heading: 'What you need to know',
        lines: [
          'We have a security incident and are dealing with it.',
          TO_FILL('what does not work, and what to use instead'),
        ],
      },
      {
        heading: 'What we ask of you',
        lines: [
          'Do not talk or post about it outside. Pass questions from the press on, and do not answer them.',
          'Report anything odd at once; nobody is blamed for reporting.',
          TO_FILL('change your password: yes or no'),
        ],
      },
      { heading: 'Next news', lines: [TO_FILL('when')] },
    ],
  };
}

function pressLine(facts: Facts): Draft {
  return {
    name: '8-press-line',
    isLetter: false,
    title: 'Line for the press, only when asked',
    sections: [
      {
        heading: 'The line',
        lines: [
          `We identified a security incident${facts.awareAt === null ? '' : ` on ${day(facts, facts.awareAt)}`}. ${TO_FILL('what was done, and whether care continues')} ${isIcoTold(facts) ? 'We have told the Information Commissioner. ' : ''}We will tell those concerned directly. We are sorry for the worry this causes.`,
        ],
      },
      {
        heading: 'Not to be said',
        lines: [
          'Numbers before they are certain; how it was done; anything about a person; whether a ransom was asked for.',
        ],
      },
    ],
  };
}

function partnerHandOver(facts: Facts): Draft {
  return {
    name: '9-partner-hand-over',
    isLetter: false,
    title: 'Hand-over to a partner (security firm, NHS England, another organisation)',
    sections: [
      {
        heading: 'Incident',
        lines: [facts.title, `Reference ${facts.incidentId}; opened ${wall(facts, facts.openedAt)}.`],
      },
      { heading: 'Machines', lines: some(facts.machines) },
      { heading: 'Accounts', lines: some(facts.accounts) },
      { heading: 'Done', lines: measures(facts) },
      { heading: 'Open', lines: facts.open.length === 0 ? ['nothing of the playbook'] : facts.open },
      { heading: 'Records', lines: counts(facts) },
      { heading: 'What is asked of you', lines: [TO_FILL('what, by when, whom to call')] },
    ],
  };
}

/** Exact, or at least and up to: as the scope has it, with its hash. */
function counts(facts: Facts): string[] {
  const { scope } = facts;
  if (scope === null)
    return [TO_FILL('how many patients: the incident names no account, machine or address to ask for')];
  // No access in the logs is not “no patient”: perhaps no such log comes.
  if (scope.exact === null && scope.upTo === 0)
    return [
      TO_FILL('how many patients: no access to a record stands in the logs, which may only mean that none is sent'),
    ];
  const people =
    scope.exact === null
      ? `At least ${number(scope.atLeast)} and up to ${number(scope.upTo)} patients; the logs do not allow an exact number.`
      : `${number(scope.exact)} patients.`;
  return [
    people,
    `${number(scope.accesses)} accesses to their records; printed: ${number(scope.printed)} patients, exported: ${number(scope.exported)}.`,
    `Counted in the audit log from ${wall(facts, scope.from)} to ${wall(facts, scope.to)}; fingerprint of the answer ${scope.hash.slice(0, 16)}.`,
  ];
}

function gaps({ scope }: Facts): string[] {
  if (scope === null) return [TO_FILL('what cannot be known')];
  return scope.gaps.length === 0 ? ['The logs show no gap in that time.'] : [...scope.gaps];
}

function kinds({ scope }: Facts): string[] {
  return scope === null || scope.resources.length === 0
    ? [TO_FILL('kinds of data: the logs do not say')]
    : [`Parts of the record that were opened: ${scope.resources.slice(0, 12).join(', ')}.`];
}

function measures(facts: Facts): string[] {
  return facts.done.length === 0
    ? [TO_FILL('what has been done')]
    : facts.done.map(({ what, at }) => `${wall(facts, at)}: ${what}`);
}

const HOUR_MS = 3_600_000;

/** Art 33(1): later than 72 hours, the reasons have to be given. */
function delay({ awareAt, now }: Facts): string {
  if (awareAt === null) return TO_FILL('whether this is within 72 hours');
  const hours = Math.floor((now - awareAt) / HOUR_MS);
  return hours < 72
    ? `This report is made ${hours} hours after that, within 72.`
    : `This report is made ${hours} hours after that. ${TO_FILL('why it is later than 72 hours, Art 33(1)')}`;
}

/** By its clock: a letter does not say what was not done. */
function isIcoTold({ clocks }: Facts): boolean {
  return clocks.some(({ kind, state }) => kind === 'ico-72h' && (state === 'met' || state === 'late'));
}

function some(names: readonly string[]): string[] {
  return names.length === 0 ? ['none is named by the logs'] : [...names];
}

function wall({ timeZone }: Facts, at: number): string {
  return wallText(at, timeZone);
}

function day({ timeZone }: Facts, at: number): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(at);
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}
