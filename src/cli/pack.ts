import { Refusal } from '../core/refusal.ts';
import { Desk } from '../incidents/desk.ts';
import { Incidents } from '../incidents/store.ts';
import { draftsOf } from '../packs/drafts.ts';
import { factsOf, type ScopeFacts, scopeFactsOf } from '../packs/facts.ts';
import { writeDrafts } from '../packs/write.ts';
import type { ScopeQuestion } from '../records/scope-answer.ts';
import { gapText } from '../records/scope-story.ts';
import type { State } from '../store/state.ts';
import { EXIT } from './exit.ts';
import { questionOrNull, scopeOfKept, setAsideGaps } from '../watch/kept-records.ts';
import { helpText, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print } from './output.ts';
import { foldersOf } from './serve.ts';
import { readTimeZone } from './scan.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  incident: { type: 'string', value: 'INC', help: 'the incident' },
  to: { type: 'string', value: 'DIR', help: 'where the drafts go' },
  likelihood: { type: 'string', value: 'N', help: 'of the DSPT grid, 1 to 5' },
  severity: { type: 'string', value: 'N', help: 'of the DSPT grid, 1 to 5' },
  timezone: { type: 'string', value: 'ZONE', help: 'the site’s (default Europe/London)' },
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'pack --incident INC --to DIR [options]',
  what: 'Drafts, as DOCX to be completed and PDF to be read, of what has to be told after a breach: ICO (first report and\nfollow-up), DSPT report, letter to patients (plain and easy-read), board, staff, press, partner. Filled from the\nincident, its clocks and the scope of the records; what only a person can know is marked. Nothing is sent, and no\npatient is named.',
  options: OPTIONS,
  examples: [['wardwatch pack --incident inc_1f… --to breach/ --likelihood 4 --severity 3', 'all drafts']],
});

/** @returns the exit code */
export async function runPack(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('pack', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const [id, to] = [given.text('incident'), given.text('to')];
  if (id === null || to === null || given.paths.length > 0)
    throw new Refusal('usage/bad-option', 'wardwatch pack: say --incident INC and --to DIR');
  const likelihood = wholeNumber('--likelihood', given.text('likelihood'), 1, 5, 0);
  const severity = wholeNumber('--severity', given.text('severity'), 1, 5, 0);
  if ((likelihood === 0) !== (severity === 0))
    throw new Refusal('usage/bad-option', 'wardwatch pack: --likelihood and --severity go together');
  const { data } = foldersOf(given.text('data'), null);
  const timeZone = readTimeZone(given.text('timezone') ?? 'Europe/London');
  const now = Date.now();
  const files = await withState(given.text('data'), env, async (state) => {
    const incidents = new Incidents(
      state,
      () => now,
      () => false,
    );
    // One that the privacy officers alone see, they work on in the page: here nobody says who they are.
    const incident = await incidents.find(id, ['it']);
    if (incident === null) throw new Refusal('incidents/not-found', `there is no incident ${id}`);
    const view = await new Desk(state, () => now).view(id);
    const asked = await questionOrNull(state, id, now);
    const drafts = draftsOf(
      factsOf(incident, view, {
        firstEvidenceAt: asked?.firstAt ?? null,
        scope: asked === null ? null : await scopeFacts(state, data, asked.question, timeZone),
        grid: likelihood === 0 ? null : { likelihood, severity },
        timeZone,
        now,
      }),
    );
    return writeDrafts(drafts, to);
  });
  print(files.map((file) => `${file}\n`).join(''));
  return EXIT.done;
}

async function scopeFacts(state: State, data: string, question: ScopeQuestion, timeZone: string): Promise<ScopeFacts> {
  const gaps = await setAsideGaps(state, question.from, question.to);
  return scopeFactsOf(await scopeOfKept(data, question, { zone: timeZone, gaps }), question, gapText);
}
