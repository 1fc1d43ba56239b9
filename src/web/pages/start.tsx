import type { ReactNode } from 'react';
import { ask } from '../client/ask.ts';
import { type FirstStep, STEP_TEXT } from '../parts/first-run.tsx';
import { Form } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { goHome, Link } from '../parts/router.tsx';
import { useSession } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { TrySimulated } from '../parts/simulated.tsx';

/** While a step waits, it is looked for this often. */
const WAITING_MS = 5000;

/** The guided start of a first administrator. Any step can be put off, and gone on with tomorrow. */
export function StartPage() {
  const progress = useAsk('GET /api/v1/first-run', {}, { everyMs: WAITING_MS });
  const reload = progress.is === 'ready' ? progress.reload : () => undefined;
  return (
    <div className="ww-narrow">
      <Title>Set up Wardwatch</Title>
      <p>Four steps, about ten minutes. You can stop at any time, and go on where you were.</p>
      <Show of={progress} what="how far setting up has come">
        {({ steps, isOver }) => {
          const next = steps.find(({ state }) => state === 'to-do' || state === 'waits');
          return (
            <>
              {steps.map((step, index) => (
                <Step key={step.step} step={step} number={index + 1} isNext={step === next} reload={reload} />
              ))}
              {isOver && (
                <p>
                  <strong>That is all.</strong>{' '}
                  <button type="button" className="ww-back" onClick={goHome}>
                    Go to the first page
                  </button>
                </p>
              )}
            </>
          );
        }}
      </Show>
      <p>
        Later: <Link to="people">add your colleagues</Link>, <Link to="about-me">tell staff what is recorded</Link>, and{' '}
        <Link to="upkeep">set up the backup</Link>.
      </p>
    </div>
  );
}

const STATE: Readonly<Record<FirstStep['state'], readonly [colour: string, text: string]>> = {
  'to-do': ['blue', 'To do'],
  waits: ['orange', 'Waits'],
  'put-off': ['grey', 'Put off'],
  done: ['green', 'Done'],
};

interface StepProps {
  readonly step: FirstStep;
  readonly number: number;
  readonly isNext: boolean;
  readonly reload: () => void;
}

function Step({ step: { step, state }, number, isNext, reload }: StepProps) {
  const [colour, text] = STATE[state];
  return (
    <Section title={`${number}. ${STEP_TEXT[step]}`}>
      <p role="status">
        <strong className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</strong>
      </p>
      {(state !== 'done' || step === 'try') && <What step={step} state={state} />}
      {isNext && state === 'to-do' && (
        <Form
          button="Put it off"
          isSecondary
          onSend={async () => {
            await ask('POST /api/v1/first-run', { step });
            reload();
          }}
        />
      )}
    </Section>
  );
}

function What({ step, state }: FirstStep): ReactNode {
  const session = useSession();
  switch (step) {
    case 'you':
      return (
        <p>
          You sign in as {session.state.is === 'signed-in' ? session.state.person.name : 'yourself'}. Whoever guesses
          your password sees what you see. <Link to="account">Add a passkey or a second factor</Link>
        </p>
      );
    case 'source':
      return state === 'waits' ? (
        <p>
          A source is added, and nothing has been heard of it yet. This line changes by itself when the first log line
          comes. <Link to="sources">See how to connect it</Link>
        </p>
      ) : (
        <p>
          A domain controller or the firewall is a good one to begin with. You copy a few lines into it, and see here
          when it works. <Link to="sources">Connect it</Link>
        </p>
      );
    case 'mail':
      return (
        <p>
          An attack at three in the morning helps nobody if the page is shut. You give a mail server or a Teams address,
          and send yourself a test. <Link to="notices">Set up the notices</Link>
        </p>
      );
    case 'try':
      return <TrySimulated />;
  }
}
