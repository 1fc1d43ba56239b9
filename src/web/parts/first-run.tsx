import { useEffect } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { useAsk } from './loaded.tsx';
import { Link, usePlace } from './router.tsx';
import { useRoles } from './session.tsx';

export type FirstStep = Answer<'GET /api/v1/first-run'>['steps'][number];

/** Of each step, what is to be done. */
export const STEP_TEXT: Readonly<Record<FirstStep['step'], string>> = {
  you: 'Keep others out of your account',
  source: 'Let a first machine send its logs',
  mail: 'Say who is told at night',
  try: 'See an attack that is made up',
};

/** At the head of each page of an administrator, until all is set up or somebody has left it. */
export function FirstRunBanner() {
  const isAdmin = useRoles().includes('admin');
  const { page } = usePlace();
  return isAdmin && page !== 'start' && page !== 'welcome' ? <Banner page={page} /> : null;
}

function Banner({ page }: { readonly page: string | null }) {
  const progress = useAsk('GET /api/v1/first-run', {});
  const reload = progress.is === 'ready' ? progress.reload : null;
  // Whoever goes on to another page may have done a step.
  useEffect(() => reload?.(), [page]);
  // How the page’s own things are is said there; this is only a help.
  if (progress.is !== 'ready' || progress.data.isOver) return null;
  const { steps } = progress.data;
  const left = steps.filter(({ state }) => state === 'to-do' || state === 'waits');
  const [next] = left;
  return (
    <aside className="ww-first ww-no-print" aria-label="Setting up">
      <div className="ww-width ww-first__line">
        <span>
          <strong>
            Set up: {steps.length - left.length} of {steps.length}.
          </strong>
          {next !== undefined && ` Next: ${STEP_TEXT[next.step].toLowerCase()}.`}
        </span>
        <Link to="start">Go on with setting up</Link>
        <button
          type="button"
          className="ww-back"
          onClick={() => void ask('POST /api/v1/first-run', {}).then(() => reload?.(), reload)}
        >
          Do not show this again
        </button>
      </div>
    </aside>
  );
}
