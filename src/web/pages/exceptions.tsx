import { type Answer, ask } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { Form } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { asSeen, counted } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Exception = Answer<'GET /api/v1/exceptions'>['items'][number];

export function ExceptionsPage() {
  const exceptions = useAsk('GET /api/v1/exceptions', {});
  const reload = exceptions.is === 'ready' ? exceptions.reload : () => undefined;
  return (
    <>
      <Title>What is normal here</Title>
      <p>
        What somebody has said is normal. Such findings are kept and counted, and open no incident. Each ends by itself.
      </p>
      <Show of={exceptions} what="what is normal">
        {({ items }) => {
          const now = serviceNow();
          const holds = items.filter((each) => isHolding(each, now));
          const past = items.filter((each) => !isHolding(each, now));
          return (
            <>
              <Section title={`Now: ${holds.length}`}>
                {holds.length === 0 && (
                  <p>Nothing. To add one, open a finding of an incident and choose “This is normal here”.</p>
                )}
                {holds.map((each) => (
                  <One key={each.id} exception={each} reload={reload} />
                ))}
              </Section>
              {past.length > 0 && (
                <Section title={`Before: ${past.length}`}>
                  {past.map((each) => (
                    <One key={each.id} exception={each} reload={null} />
                  ))}
                </Section>
              )}
            </>
          );
        }}
      </Show>
    </>
  );
}

function isHolding({ revokedAt, expiresAt }: Exception, now: number): boolean {
  return revokedAt === null && expiresAt !== null && Date.parse(expiresAt) > now;
}

function One({ exception, reload }: { readonly exception: Exception; readonly reload: (() => void) | null }) {
  const { id, ruleId, host, account, reason, owner, createdAt, expiresAt, revokedAt, hidden } = exception;
  const mayEnd = useRoles().includes('analyst');
  const whom = asSeen([account, host === null ? null : `on ${host}`].filter((each) => each !== null).join(' '));
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">{reason}</h3>
      <dl className="ww-facts">
        <dt>For</dt>
        <dd>{whom}</dd>
        <dt>Rule</dt>
        <dd>{ruleId}</dd>
        <dt>Said by</dt>
        <dd>
          {owner}, <When at={createdAt} />
        </dd>
        <dt>{revokedAt === null ? 'Ends' : 'Ended'}</dt>
        <dd>
          <When at={revokedAt ?? expiresAt} />
        </dd>
        <dt>Has hidden</dt>
        <dd>{counted(hidden, 'finding')}</dd>
      </dl>
      {reload !== null && mayEnd && (
        <Form
          button="It is not normal any more"
          isSecondary
          onSend={async () => {
            await ask('POST /api/v1/exceptions/:id/revoke', { id });
            reload();
          }}
        />
      )}
    </article>
  );
}
