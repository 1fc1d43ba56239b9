import { useState } from 'react';
import type { Answer } from '../client/ask.ts';
import { type Cell, cellsOf, edgesOf } from '../parts/chart-points.ts';
import { FindingLine } from '../parts/finding.tsx';
import { termOf } from '../parts/query.ts';
import { Radios } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link, usePlace } from '../parts/router.tsx';
import { Scroll, Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, dateText } from '../parts/text.ts';
import { BAND_ASKS, BandTag, PARAMETER_LABEL, When } from '../parts/words.tsx';

type Observations = Answer<'GET /api/v1/observations'>;

const PARAMETERS = ['sign-in', 'discovery-and-credentials', 'movement', 'defences', 'data', 'impact'] as const;
/** Boxes of two hours, of a day, of two days. */
const BOXES: Readonly<Record<string, { readonly daysEach: number; readonly count: number }>> = {
  '1': { daysEach: 0, count: 12 },
  '7': { daysEach: 1, count: 7 },
  '28': { daysEach: 2, count: 14 },
};

export function ObservationsPage() {
  const { query } = usePlace();
  const kind = query.get('kind') === 'account' ? 'account' : 'host';
  const value = query.get('value') ?? '';
  const [days, setDays] = useState('7');
  const observations = useAsk('GET /api/v1/observations', { kind, value, days: Number(days) });
  // A name with a quotation mark cannot be asked for: then all log lines of the time are counted, and none is linked to.
  const term = termOf(kind === 'host' ? 'host' : 'user', value);
  const lines = `${term ?? ''} last ${days}d`.trim();
  const counts = useAsk('GET /api/v1/events/counts', { query: lines }, { everyMs: null });
  return (
    <>
      <Title caption={kind === 'host' ? 'Observations of a machine' : 'Observations of an account'}>{value}</Title>
      <Radios
        legend="How far back?"
        value={days}
        onChange={setDays}
        isInline
        options={[
          { value: '1', text: 'A day' },
          { value: '7', text: 'A week' },
          { value: '28', text: 'Four weeks' },
        ]}
      />
      <Show of={observations} what="the observations">
        {(data) => (
          <Show of={counts} what="whether it was heard">
            {({ bars }) => (
              <Chart observations={data} bars={bars} {...(BOXES[days] ?? { daysEach: 1, count: 7 })} key={days} />
            )}
          </Show>
        )}
      </Show>
      {term !== null && (
        <p>
          <Link to="hunt" query={{ query: lines }}>
            Its log lines of this time
          </Link>
        </p>
      )}
    </>
  );
}

interface ChartProps {
  readonly observations: Observations;
  /** How many log lines there were of it over the same time. */
  readonly bars: Answer<'GET /api/v1/events/counts'>['bars'];
  /** Of one box; 0: two hours. */
  readonly daysEach: number;
  readonly count: number;
}

function Chart({ observations: { to, score, findings }, bars, daysEach, count }: ChartProps) {
  const [chosen, setChosen] = useState<{ readonly title: string; readonly cell: Cell } | null>(null);
  const edges = edgesOf(Date.parse(to), daysEach, count);
  const rows = PARAMETERS.map((parameter) => ({
    parameter,
    label: PARAMETER_LABEL[parameter] ?? parameter,
    cells: cellsOf(findings, parameter, edges),
  }));
  const barMs = barWidth(bars);
  const wasHeard = (cell: Cell) =>
    bars.some(({ from: at, count }) => count > 0 && Date.parse(at) >= cell.from - barMs && Date.parse(at) < cell.to);
  return (
    <>
      <Section title="Early warning score now">
        {score.total === 0 && bars.every(({ count: lines }) => lines === 0) ? (
          <p>
            <strong>We cannot tell:</strong> no log line of it was kept in this time.{' '}
            <Link to="sources">See what is heard</Link>
          </p>
        ) : (
          <p>
            <BandTag band={score.band} total={score.total} /> {BAND_ASKS[score.band]}
          </p>
        )}
        {score.careDepends > 0 && <p>Care depends on it: 2 points more.</p>}
      </Section>
      <Section title="Over time">
        <p className="ww-quiet">
          From <When at={edges[0] ?? null} /> to <When at={to} />. Each box shows the highest points in its time; choose
          one to see why. A dash means that no log line of it was kept then: nothing is known.
        </p>
        <Scroll title="Observations over time" hidden="earlier times" isFromEnd>
          <table className="ww-obs">
            <caption className="nhsuk-u-visually-hidden">
              Points from 0 to 3 of each of the six observations, over time
            </caption>
            <thead>
              <tr>
                <th scope="col">Observation</th>
                {rows[0]?.cells.map((cell) => (
                  <th scope="col" key={cell.from}>
                    <span className="nhsuk-u-visually-hidden">from {dateText(cell.from)}</span>
                    <span aria-hidden="true">
                      {daysEach === 0 ? HOUR.format(cell.from).replaceAll(/\s/g, '') : DAY.format(cell.from)}
                    </span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ parameter, label, cells }) => (
                <tr key={parameter}>
                  <th scope="row">{label}</th>
                  {cells.map((cell) => (
                    <td key={cell.from} className={`ww-obs__cell ww-obs__cell--${cell.points}`}>
                      {cell.points === 0 ? (
                        wasHeard(cell) ? (
                          0
                        ) : (
                          <>
                            <span aria-hidden="true">–</span>
                            <span className="nhsuk-u-visually-hidden">not known</span>
                          </>
                        )
                      ) : (
                        <button
                          type="button"
                          aria-label={`${cell.points} points, ${label}, ${dateText(cell.from)}: show why`}
                          onClick={() => setChosen({ title: `${label}, ${dateText(cell.from)}`, cell })}
                        >
                          {cell.points}
                        </button>
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        {findings.length === 0 && (
          <p>
            Nothing in this time gave it points. That is good news only as far as its logs are heard:{' '}
            <Link to="sources">see the sources</Link>.
          </p>
        )}
      </Section>
      <div role="status">
        {chosen !== null && (
          <Section title={chosen.title}>
            <p>{counted(chosen.cell.findings.length, 'finding')} counted in this time, the newest first.</p>
            {chosen.cell.findings.slice(0, 100).map((each) => (
              <FindingLine key={each.id} id={each.id} at={each.at} plain={each.plain} points={each.points} />
            ))}
          </Section>
        )}
      </div>
    </>
  );
}

/** How wide a bar is, so that one that reaches into a box counts for it. */
function barWidth([first, second]: ChartProps['bars']): number {
  return first === undefined || second === undefined ? 0 : Date.parse(second.from) - Date.parse(first.from);
}

const HOUR = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: 'numeric', hour12: true });
const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', day: 'numeric', month: 'short' });
