import { type Answer, ask, type Asker } from '../client/ask.ts';
import { EVERY_MS, Show, useLoaded } from '../parts/loaded.tsx';
import { Pager, usePages } from '../parts/pager.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { trailWords } from '../parts/trail-words.ts';
import { When } from '../parts/words.tsx';

type Page = Answer<'GET /api/v1/trail'>;
const SIZE = 100;

/** What our own people did: whoever watches is watched. */
export function TrailPage() {
  const pages = usePages();
  const { cursor } = pages;
  const entries = useLoaded<Page>(
    `trail ${cursor ?? ''}`,
    (signal: AbortSignal, asker: Asker) =>
      ask('GET /api/v1/trail', { limit: SIZE, ...(cursor === undefined ? {} : { cursor }) }, signal, asker),
    { everyMs: cursor === undefined ? EVERY_MS : null },
  );
  return (
    <>
      <Title>Who did what</Title>
      <p>
        Every sign-in, every change and every look at something sensitive, by people and programs, the newest first.
        What they looked for is not shown here.
      </p>
      <Show of={entries} what="who did what">
        {({ items, next }) =>
          items.length === 0 ? (
            <p>Nobody has done anything yet.</p>
          ) : (
            <Section title={cursor === undefined ? 'The newest' : 'Earlier'}>
              <Table
                columns={[{ name: 'When' }, { name: 'Who' }, { name: 'What' }]}
                items={items}
                row={({ id, at, who, action }) => ({
                  key: id,
                  cells: [<When at={at} />, who, trailWords(action)],
                })}
              />
              <Pager pages={pages} next={next} />
            </Section>
          )
        }
      </Show>
    </>
  );
}
