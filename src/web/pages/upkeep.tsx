import type { Answer } from '../client/ask.ts';
import type { PageName } from '../page-names.ts';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { bytesText, counted, numberText, withDates } from '../parts/text.ts';
import { Words } from '../parts/term.tsx';
import { When } from '../parts/words.tsx';
import { ChangeRetention, Holds, KIND } from './keeping.tsx';

type Report = Answer<'GET /api/v1/doctor'>;
type Check = Report['checks'][number];
type Room = Report['room'];

const USUAL_MS = 60_000;

export function UpkeepPage() {
  const report = useAsk('GET /api/v1/doctor', {}, { everyMs: USUAL_MS });
  return (
    <>
      <Title>Health and storage</Title>
      <Show of={report} what="how the service is">
        {(data) => (
          <>
            <Checks checks={data.checks} />
            <Storage room={data.room} reload={() => report.is === 'ready' && report.reload()} />
            <Flow report={data} />
            <Archive room={data.room} />
          </>
        )}
      </Show>
    </>
  );
}

const STATE: Readonly<Record<Check['state'], readonly [colour: string, text: string]>> = {
  bad: ['red', 'Mend now'],
  watch: ['orange', 'Mend soon'],
  well: ['green', 'Well'],
};

/** Where on the page more is said of a check. */
const MORE: Readonly<Record<string, readonly [page: PageName, text: string]>> = {
  rules: ['rules', 'See the rules'],
  sources: ['sources', 'See the sources'],
  'set aside': ['set-aside', 'See what was set aside'],
  notices: ['notices', 'See the notices'],
};

function Checks({ checks }: { readonly checks: readonly Check[] }) {
  const bad = checks.filter(({ state }) => state === 'bad');
  const watch = checks.filter(({ state }) => state === 'watch');
  const well = checks.filter(({ state }) => state === 'well');
  const verdict = bad.length > 0 ? 'act' : watch.length > 0 ? 'look' : 'quiet';
  return (
    <>
      <div className={`ww-verdict ww-verdict--${verdict}`}>
        <p className="ww-verdict__sentence">{sentenceOf(bad.length, watch.length)}</p>
      </div>
      {bad.length + watch.length > 0 && (
        <Section title="What to mend">
          <ul className="ww-list">
            {[...bad, ...watch].map((check) => (
              <Line key={check.what} check={check} />
            ))}
          </ul>
        </Section>
      )}
      <Section title="What is well">
        {well.length === 0 ? (
          <p>Nothing of what was looked at.</p>
        ) : (
          <ul className="ww-list">
            {well.map((check) => (
              <Line key={check.what} check={check} />
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function sentenceOf(bad: number, watch: number): string {
  if (bad > 0) return `${counted(bad, 'thing')} of the service must be mended now.`;
  return watch > 0 ? `${counted(watch, 'thing')} will have to be mended soon.` : 'The service itself is well.';
}

/** As the command line writes a time. */

function Line({ check: { what, state, detail, mend } }: { readonly check: Check }) {
  const [colour, text] = STATE[state];
  const more = Object.hasOwn(MORE, what) ? MORE[what] : undefined;
  return (
    <li className="ww-list__row">
      <strong className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</strong>
      <div className="ww-list__what">
        <strong>{what.charAt(0).toUpperCase() + what.slice(1)}:</strong> <Words text={withDates(detail)} />
        {mend !== '' && (
          <p>
            <strong>Mend:</strong> <Words text={mend} />
          </p>
        )}
        {state !== 'well' && more !== undefined && (
          <p>
            <Link to={more[0]}>{more[1]}</Link>
          </p>
        )}
      </div>
    </li>
  );
}

const PART: Readonly<Record<Room['parts'][number]['what'], string>> = {
  archive: 'Events, sealed',
  journal: 'Events that just came',
  rest: 'Findings, incidents, people, settings and the rest',
};

function Storage({ room, reload }: { readonly room: Room; readonly reload: () => void }) {
  return (
    <Section title="Storage">
      <dl className="ww-facts">
        <dt>Free</dt>
        <dd>
          {bytesText(room.freeBytes)} of {bytesText(room.totalBytes)}
        </dd>
        <dt>Full</dt>
        <dd>{fullText(room)}</dd>
        {room.parts.map(({ what, bytes }) => (
          <div key={what} className="ww-facts__pair">
            <dt>{PART[what]}</dt>
            <dd>{bytesText(bytes)}</dd>
          </div>
        ))}
      </dl>
      <Table
        isNamed
        caption="How long things are kept"
        columns={[
          { name: 'Kind' },
          { name: 'Kept for' },
          { name: 'Events', isNumber: true },
          { name: 'Room', isNumber: true },
          { name: 'New a day', isNumber: true },
          { name: 'The oldest came' },
        ]}
        items={room.kinds}
        row={({ kind, keepDays, minimumDays, events, bytes, bytesADay, oldestAt }) => ({
          key: kind,
          cells: [
            KIND[kind],
            `${counted(keepDays, 'day')}${minimumDays < keepDays ? `, at least ${numberText(minimumDays)}` : ''}`,
            numberText(events),
            bytesText(bytes),
            bytesText(Math.round(bytesADay)),
            oldestAt === null ? 'None is sealed yet' : <When at={oldestAt} />,
          ],
        })}
      />
      <p className="ww-quiet">
        With less than 1 GiB free, the oldest go early, down to the least time; if that is not enough, nothing more is
        taken in, and sources are asked to wait.
      </p>
      <ChangeRetention key={room.kinds.map(({ keepDays }) => keepDays).join()} kinds={room.kinds} reload={reload} />
      <Holds holds={room.holds} reload={reload} />
    </Section>
  );
}

/** Below this the rate says little. */
const ENOUGH_DAYS = 1;

function fullText({ fullInDays, measuredDays }: Room): string {
  if (fullInDays === 0) return 'Now: free some space.';
  if (measuredDays < ENOUGH_DAYS) return 'Not known yet: ask again when a day of events is sealed.';
  return fullInDays === null
    ? 'Never, at the rate of the last week: as much goes as comes.'
    : `In about ${counted(fullInDays, 'day')}, at the rate of the last week.`;
}

function Flow({ report: { flow, startedAt } }: { readonly report: Report }) {
  return (
    <Section title="How fast things come">
      <dl className="ww-facts">
        <dt>Running since</dt>
        <dd>
          <When at={startedAt} />
        </dd>
        <dt>Events a second</dt>
        <dd>
          {flow.perSecond === null
            ? 'Not known yet: it has just begun'
            : `${numberText(Math.round(flow.perSecond * 10) / 10)}, over the last five minutes`}
        </dd>
        <dt>Events since then</dt>
        <dd>{numberText(flow.kept)}</dd>
        <dt>Waits to be judged</dt>
        <dd>{flow.notJudgedBytes === 0 ? 'Nothing' : bytesText(flow.notJudgedBytes)}</dd>
        <dt>Waits to be found by a search</dt>
        <dd>{flow.notArchivedBytes === 0 ? 'Nothing' : bytesText(flow.notArchivedBytes)}</dd>
        <dt>A source was asked to wait</dt>
        <dd>{flow.heldBack === 0 ? 'Never' : counted(flow.heldBack, 'time')}</dd>
      </dl>
    </Section>
  );
}

function Archive({ room: { chainLines, head } }: { readonly room: Room }) {
  return (
    <Section title="Proof that nothing was changed">
      <p>
        Each piece of the archive is named by a chain of {counted(chainLines, 'line')}. Write its head down elsewhere,
        or give it to a partner: who has it can prove later that nothing was changed or taken away.
      </p>
      <code className="ww-raw">{head.hash}</code>
      <p>The look above checks each link, and that each piece is there in its length. To read and prove every piece:</p>
      <code className="ww-raw">wardwatch verify --data DIR --head HASH</code>
    </Section>
  );
}
