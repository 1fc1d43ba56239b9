import { UNSEEN } from '../core/unseen.ts';
import type { Incident } from '../incidents/store.ts';
import type { Webhook } from './settings.ts';

/** Why somebody is told. */
export type Occasion =
  | { readonly kind: 'new' }
  | { readonly kind: 'raised' }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'nobody-looked'; readonly minutes: number }
  | { readonly kind: 'clock'; readonly title: string; readonly due: string; readonly isOver: boolean };

export interface Told {
  readonly subject: string;
  readonly text: string;
  /** Where it is answered; `null`: the text says. */
  readonly url: string | null;
}

/** Without the words: they may name a patient. */
export function reportOf(reference: string, serviceUrl: string | null): Told {
  const url = serviceUrl === null ? null : `${serviceUrl}/reports`;
  const where = url ?? 'on the page, under Reports.';
  return {
    subject: `A colleague has reported something: ${reference}`,
    text: `A colleague has reported something that seemed odd to them.\nRead and answer it: ${where}`,
    url,
  };
}

/** What waits for the privacy officers. */
export type PrivacyMatter =
  | { readonly kind: 'reveal' }
  /** A report that is addressed to them alone. */
  | { readonly kind: 'report'; readonly reference: string };

/** Neither who asked nor about whom: whoever reads the mailbox need not know. */
export function privacyMatterOf(matter: PrivacyMatter, serviceUrl: string | null): Told {
  const [page, name] = matter.kind === 'reveal' ? ['records', 'Records'] : ['reports', 'Reports'];
  const url = serviceUrl === null ? null : `${serviceUrl}/${page}`;
  const answer = `Read and answer it: ${url ?? `on the page, under ${name}.`}`;
  switch (matter.kind) {
    case 'reveal':
      return {
        subject: 'A request to be shown who a patient is waits for a second privacy officer',
        text: `A privacy officer has asked to be shown who patients are, or what was set aside. Another has to agree, or refuse, within a day.\n${answer}`,
        url,
      };
    case 'report':
      return {
        subject: `A colleague has reported something to the privacy officers: ${matter.reference}`,
        text: `A colleague has reported something that only privacy officers may read.\n${answer}`,
        url,
      };
  }
}

const BAND_WORDS = { routine: 'routine', low: 'low', urgent: 'URGENT', emergency: 'EMERGENCY' } as const;

/**
 * An incident in a few lines: what, where, how bad, what now. Patients stand in findings as pseudonyms only, and nothing
 * of a log stands in it beyond the sentence of the finding.
 */
export function noticeOf(incident: Incident, occasion: Occasion, serviceUrl: string | null): Told {
  const { score, title, id, links } = incident;
  const band = BAND_WORDS[score.band];
  const hosts = links.filter(({ kind }) => kind === 'host').map(({ value }) => value);
  const accounts = links.filter(({ kind }) => kind === 'account').map(({ value }) => value);
  const url = serviceUrl === null ? null : `${serviceUrl}/incident?id=${id}`;
  const lines = [
    occasionText(occasion),
    '',
    oneLine(title),
    '',
    `Early warning score ${score.total} (${score.band})${score.entity === null ? '' : `, of ${oneLine(score.entity.value)}`}.`,
    ...(hosts.length === 0 ? [] : [`Machines: ${few(hosts)}`]),
    ...(accounts.length === 0 ? [] : [`Accounts: ${few(accounts)}`]),
    `${incident.findings} findings since ${new Date(incident.openedAt).toISOString()}.`,
    '',
    `What to do stands with the incident ${id}${url === null ? '.' : `: ${url}`}`,
    'Acknowledge it there, so that nobody else is called.',
  ];
  const about =
    occasion.kind === 'clock'
      ? `[DEADLINE] ${occasion.title}`
      : `[${occasion.kind === 'repeated' ? 'AGAIN' : band}] ${title}`;
  return { subject: oneLine(about).slice(0, 150), text: `${lines.join('\n')}\n`, url };
}

function occasionText(occasion: Occasion): string {
  switch (occasion.kind) {
    case 'new':
      return 'A new incident.';
    case 'raised':
      return 'An incident has become more serious.';
    case 'repeated':
      return 'The same thing has come on three days, and nobody has looked.';
    case 'nobody-looked':
      return `Nobody has looked at this incident for ${occasion.minutes} minutes, so it comes to you.`;
    case 'clock':
      return occasion.isOver
        ? `A deadline has passed: ${occasion.title}. It was ${occasion.due}.`
        : `A deadline is near: ${occasion.title}. It is ${occasion.due}.`;
  }
}

/** The morning's summary. */
export function digestOf(
  incidents: readonly Incident[],
  openedInADay: number,
  silent: readonly string[],
  undelivered: number,
): Told {
  const open = incidents;
  const lines = [
    open.length === 0
      ? 'No incident is open.'
      : `${open.length} incidents are open; ${openedInADay} of them are new since yesterday.`,
    ...open
      .toSorted((a, b) => b.score.total - a.score.total)
      .slice(0, 20)
      .map(
        ({ score, title, owner, acknowledgedAt }) =>
          `  ${String(score.total).padStart(2)}  ${score.band.padEnd(9)}  ${oneLine(title).slice(0, 120)}  (${owner ?? (acknowledgedAt === null ? 'nobody has looked' : 'nobody’s')})`,
      ),
    ...(open.length > 20 ? [`  and ${open.length - 20} more`] : []),
    '',
    silent.length === 0
      ? 'Every source is heard.'
      : `Silent for longer than usual: ${few(silent)}. What happens there is not seen.`,
    ...(undelivered === 0 ? [] : [`${undelivered} notices could not be delivered.`]),
  ];
  const subject =
    open.length === 0 ? '[Wardwatch] All quiet, as far as is seen' : `[Wardwatch] ${open.length} open incidents`;
  return {
    subject: silent.length === 0 ? subject : `${subject}; ${silent.length} sources silent`,
    text: `${lines.join('\n')}\n`,
    url: null,
  };
}

/**
 * In the form that a webhook wants. What a log says is in it: a name such as `[Sign in again](https://…)` must not become a link
 * in a message that people trust.
 */
export function webhookBody({ form }: Webhook, { subject, text, url }: Told, incident: Incident | null): string {
  switch (form) {
    case 'generic':
      return JSON.stringify({ schema: 'wardwatch.notice/1', subject, text, incident });
    case 'slack':
      return JSON.stringify({
        text: `*${subject}*\n${text}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      });
    case 'teams':
      return JSON.stringify({
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                asWritten(subject, { weight: 'Bolder' }),
                ...text
                  .split('\n')
                  .filter((line) => line !== '')
                  .map((line) => asWritten(line, {})),
              ],
              ...(url === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open it', url }] }),
            },
          },
        ],
      });
  }
}

/** A `TextBlock` would read Markdown in it. Source: Adaptive Cards, TextRun: “no Markdown”. */
function asWritten(text: string, look: object): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...look }] };
}

function few(names: readonly string[]): string {
  return `${names.slice(0, 8).map(oneLine).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

function oneLine(text: string): string {
  return text.replaceAll(UNSEEN, ' ').replaceAll(/\s+/g, ' ').trim();
}
