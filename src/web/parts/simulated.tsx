import { useState } from 'react';
import { ask, asProblem, Problem } from '../client/ask.ts';
import { useAsk } from './loaded.tsx';
import { useRoles } from './session.tsx';
import { Section } from './section.tsx';
import { When } from './words.tsx';

/** Offers the made-up hospital, so that everything can be seen working before a single log is sent. */
export function TrySimulated() {
  const isAdmin = useRoles().includes('admin');
  return isAdmin ? <Offer /> : null;
}

function Offer() {
  const state = useAsk('GET /api/v1/simulation', {});
  const [doing, setDoing] = useState<'nothing' | 'starting' | 'ending'>('nothing');
  const [problem, setProblem] = useState<string | null>(null);
  if (state.is !== 'ready' || !state.data.isOffered) return null;
  const { since, ended } = state.data;
  const doIt = async (what: 'starting' | 'ending', work: () => Promise<void>) => {
    setDoing(what);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(asProblem(error).message);
    } finally {
      setDoing('nothing');
    }
  };
  return (
    <Section title="See it working first">
      <p>
        Look at a simulated hospice that is under attack tonight: its incidents, what to do, and the log lines behind
        them. It runs apart from everything of yours, and nothing of it stays.
      </p>
      {ended !== null && ended.how !== 'asked' && (
        <p role="status">
          The one that ran here {ENDED[ended.how]} <When at={ended.at} />. Nothing of it is left; you can start another.
        </p>
      )}
      {since !== null && (
        <p className="ww-quiet">
          It is running since <When at={since} />, and ends by itself after four hours.
        </p>
      )}
      <button
        type="button"
        className="nhsuk-button"
        disabled={doing !== 'nothing'}
        onClick={() => void doIt('starting', open)}
      >
        {doing === 'starting' ? 'Starting it, this takes some seconds…' : 'Show me the simulated hospice'}
      </button>
      {since !== null && (
        <button
          type="button"
          className="nhsuk-button nhsuk-button--secondary"
          disabled={doing !== 'nothing'}
          onClick={() =>
            void doIt('ending', async () => {
              await ask('POST /api/v1/simulation/end', {});
              state.reload();
            })
          }
        >
          {doing === 'ending' ? 'Ending it…' : 'End it'}
        </button>
      )}
      {problem !== null && <p role="alert">{problem}</p>}
    </Section>
  );
}

const ENDED: Record<'time' | 'broke-off', string> = {
  time: 'had been there for four hours, and ended',
  'broke-off': 'broke off by itself (the log of the service has its last words: simulation-broke-off)',
};

/** Signs in there as its visitor, whose account is good for nothing else. */
async function open(): Promise<void> {
  const { path, name, password } = await ask('POST /api/v1/simulation', {});
  const house = path.slice(1);
  const answer = await fetch(`${house}api/v1/session`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'x-wardwatch': 'page', 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (!answer.ok) throw new Problem('web/unreachable', 'The simulated hospice does not answer.', 'Try again.');
  location.assign(house);
}
