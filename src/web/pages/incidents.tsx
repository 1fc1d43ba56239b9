import { useState } from 'react';
import { type Answer, ask, type Asker } from '../client/ask.ts';
import { Form } from '../parts/form.tsx';
import { EVERY_MS, Show, useLoaded } from '../parts/loaded.tsx';
import { Title } from '../parts/shell.tsx';
import { numberText } from '../parts/text.ts';
import { IncidentList } from './today.tsx';

type Page = Answer<'GET /api/v1/incidents'>;

const SIZE = 50;

export function IncidentsPage() {
  const [count, setCount] = useState(SIZE);
  // Of one name whatever the count, so that those that are shown stay while more are asked for.
  const incidents = useLoaded<Page>('incidents', (signal, asker) => firstOf(count, signal, asker), {
    everyMs: EVERY_MS,
  });
  const reload = incidents.is === 'ready' ? incidents.reload : () => undefined;
  return (
    <>
      <Title>Incidents</Title>
      <p>Findings that belong together, the newest first. Closed ones stay here.</p>
      <Show of={incidents} what="the incidents">
        {({ items, next }) =>
          items.length === 0 ? (
            <p>
              No incident yet. When something is found, it will be here. That there is none does not mean that nothing
              happened: look under Sources at what is heard.
            </p>
          ) : (
            <>
              <IncidentList items={items.map((incident) => ({ incident, clock: null }))} />
              {next !== null && (
                <Form
                  button="Show more"
                  isSecondary
                  onSend={async () => {
                    setCount(count + SIZE);
                    reload();
                  }}
                >
                  <p>The newest {numberText(items.length)} are shown.</p>
                </Form>
              )}
            </>
          )
        }
      </Show>
    </>
  );
}

/** Pages until there are as many as wanted, or no more. */
async function firstOf(count: number, signal: AbortSignal, asker: Asker): Promise<Page> {
  let items: Page['items'] = [];
  let next: string | null = '';
  while (next !== null && items.length < count) {
    const page: Page = await ask('GET /api/v1/incidents', { cursor: next, limit: SIZE }, signal, asker);
    items = [...items, ...page.items];
    next = page.next;
  }
  return { items, next };
}
