import { useMemo, useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { FindingLine } from '../parts/finding.tsx';
import { Form } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { LongList } from '../parts/long-list.tsx';
import { MORE, PAGE, useMore } from '../parts/more.ts';
import { Link, usePlace } from '../parts/router.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, numberText } from '../parts/text.ts';

type Page = Answer<'GET /api/v1/findings'>;
type Found = Page['items'][number];

const SIZE = 200;

/** Everything that was found, whatever incident it is in; of one rule, if the address names one. */
export function FindingsPage() {
  const rule = usePlace().query.get('rule');
  // Another reads the list anew, from the newest.
  const [reading, setReading] = useState(0);
  const found = useAsk('GET /api/v1/findings', { limit: SIZE, ...(rule === null ? {} : { rule }) });
  return (
    <>
      <Title>What was found</Title>
      <p>
        The newest first, of whatever incident, and of none: what is too weak by itself opens none.{' '}
        {rule !== null && (
          <>
            Only what the rule {rule} found. <Link to="findings">Show all</Link>
          </>
        )}
      </p>
      <Show of={found} what="what was found">
        {(page) =>
          page.items.length === 0 ? (
            <p>
              Nothing yet. That does not mean that nothing happened: look under <Link to="sources">Sources</Link> at
              what is heard.
            </p>
          ) : (
            <Findings page={page} rule={rule} onAnew={() => setReading(reading + 1)} key={`${rule} ${reading}`} />
          )
        }
      </Show>
    </>
  );
}

interface FindingsProps {
  readonly page: Page;
  readonly rule: string | null;
  readonly onAnew: () => void;
}

/** Once somebody reads on, the list stays as it was: what is new is told of, and not put between what they read. */
function Findings({ page, rule, onAnew }: FindingsProps) {
  const [held, setHeld] = useState<Page | null>(null);
  const { items, next } = held ?? page;
  const more = useMore<Found>(next, (cursor) =>
    ask('GET /api/v1/findings', { cursor, limit: PAGE, ...(rule === null ? {} : { rule }) }),
  );
  const add = () => {
    setHeld(held ?? page);
    return more.add();
  };
  const isNew = held !== null && held.items[0]?.id !== page.items[0]?.id;
  const shown = useMemo(() => [...items, ...more.items], [items, more.items]);
  return (
    <>
      <p role="status">
        {more.next === null ? `All ${counted(shown.length, 'finding')}.` : `The newest ${numberText(shown.length)}.`}
      </p>
      {isNew && (
        <p role="status">
          New ones have come.{' '}
          <button type="button" className="ww-back" onClick={onAnew}>
            Show them
          </button>
        </p>
      )}
      <LongList
        items={shown}
        keyOf={({ id }) => id}
        draw={({ id, at, plain, observation }) => (
          <FindingLine id={id} at={at} plain={plain} points={observation?.points ?? 0} />
        )}
      />
      {more.next !== null && <Form button={`Show ${numberText(MORE)} older ones`} isSecondary onSend={add} />}
    </>
  );
}
