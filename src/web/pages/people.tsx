import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Checkbox, Form, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { ROLE_LABEL } from '../parts/roles.ts';
import { useRoles, useSession } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { When } from '../parts/words.tsx';
import { RevealPolicy } from './reveals.tsx';

type Listed = Answer<'GET /api/v1/people'>['people'][number];
type Role = Listed['roles'][number];
const ROLES = Object.keys(ROLE_LABEL) as Role[];

const STATE: Readonly<Record<Listed['state'], readonly [colour: string, text: string]>> = {
  active: ['green', 'May sign in'],
  invited: ['blue', 'Invited'],
  locked: ['red', 'Wrong tries: new browsers wait'],
  expired: ['grey', 'Run out'],
  ended: ['grey', 'Ended'],
};

interface NewLink {
  readonly name: string;
  readonly link: string;
  /** Where people open the page, as it is set up; `null`: nobody said. */
  readonly page: string | null;
}

export function PeoplePage() {
  const people = useAsk('GET /api/v1/people', {});
  const isAdmin = useRoles().includes('admin');
  const [link, setLink] = useState<NewLink | null>(null);
  const reload = people.is === 'ready' ? people.reload : () => undefined;
  const show = (made: NewLink) => {
    setLink(made);
    reload();
    scrollTo(0, 0);
  };
  return (
    <>
      <Title>People</Title>
      <p>Who may sign in, and what each may do.</p>
      <div role="status">{link !== null && <LinkShown {...link} />}</div>
      <Section title="Who there is">
        <Show of={people} what="the people">
          {(data) => (
            <>
              {data.people.map((person) => (
                <One key={person.id} person={person} reload={reload} onLink={show} />
              ))}
            </>
          )}
        </Show>
      </Section>
      {isAdmin && (
        <>
          <Section title="Add somebody">
            <Invite onLink={show} />
          </Section>
          <Section title="Showing who patients are">
            <RevealPolicy />
          </Section>
        </>
      )}
    </>
  );
}

function LinkShown({ name, link, page }: NewLink) {
  const whole = new URL(link.replace(/^\//, ''), page === null ? document.baseURI : `${page}/`);
  return (
    <div className="ww-note">
      <p>
        <strong>Give this link to {name}</strong>, not by the mail account that is being set up. It is shown only now,
        works once, and for 72 hours:
      </p>
      <code className="ww-raw">{whole.href}</code>
      {isThisMachine(whole) && (
        <p>
          <strong>It works on this machine only</strong>, because you opened the page as {whole.host}. Put the address
          by which {name} reaches this machine in its place, or say once under Settings, Notices, where people open the
          page.
        </p>
      )}
    </div>
  );
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function Invite({ onLink }: { readonly onLink: (made: NewLink) => void }) {
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>([]);
  const send = async () => {
    const { link, page } = await ask('POST /api/v1/people', { name: name.trim(), roles });
    onLink({ name: name.trim(), link, page });
    setName('');
    setRoles([]);
  };
  return (
    <Form
      button="Make a link"
      check={() => {
        if (name.trim() === '') return 'Type their name.';
        return roles.length === 0 ? 'Choose what they may do.' : null;
      }}
      onSend={send}
    >
      <TextField label="Name" hint="As colleagues know them. They sign in with it." value={name} onChange={setName} />
      <RoleChoice roles={roles} onChange={setRoles} />
    </Form>
  );
}

function RoleChoice({
  roles,
  onChange,
}: {
  readonly roles: readonly Role[];
  readonly onChange: (roles: readonly Role[]) => void;
}) {
  return (
    <fieldset className="nhsuk-fieldset nhsuk-form-group">
      <legend className="nhsuk-fieldset__legend">What may they do?</legend>
      {ROLES.map((role) => (
        <Checkbox
          key={role}
          label={ROLE_LABEL[role]}
          isChecked={roles.includes(role)}
          onChange={(isChecked) => onChange(isChecked ? [...roles, role] : roles.filter((each) => each !== role))}
        />
      ))}
    </fieldset>
  );
}

interface OneProps {
  readonly person: Listed;
  readonly reload: () => void;
  readonly onLink: (made: NewLink) => void;
}

function One({ person, reload, onLink }: OneProps) {
  const { id, name, roles, state, hasSecondFactor, seenAt, expiresAt } = person;
  const [colour, text] = STATE[state];
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">
        {name} <strong className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</strong>
      </h3>
      <p>
        {roles.map((role) => (ROLE_LABEL[role] ?? role).split(':')[0]).join(', ')}.{' '}
        {hasSecondFactor ? 'Second factor on.' : 'No second factor.'}{' '}
        {seenAt === null ? (
          'Never signed in.'
        ) : (
          <>
            Last seen <When at={seenAt} />.
          </>
        )}{' '}
        {expiresAt !== null && (
          <>
            Ends by itself <When at={expiresAt} />.
          </>
        )}
      </p>
      {state !== 'ended' && <Change person={person} reload={reload} onLink={onLink} key={`${id} ${roles.join()}`} />}
    </article>
  );
}

/** One's own link is opened at once: whoever made it is signed out by it, and might be the last who can let anybody in. */
function NewPassword({ id }: { readonly id: string }) {
  return (
    <Form
      button="Choose a new password"
      isSecondary
      onSend={async () => {
        const { link } = await ask('POST /api/v1/people/:id/reset', { id });
        location.assign(new URL(link.replace(/^\//, ''), document.baseURI));
      }}
    >
      <p>
        You are led to where you choose it; your second factor and your passkeys have to be set up again. The old
        password is no longer good from then on: finish it.
      </p>
    </Form>
  );
}

function Change({ person: { id, name, roles, state }, reload, onLink }: OneProps) {
  const session = useSession();
  const [chosen, setChosen] = useState<readonly Role[]>(roles);
  const [reason, setReason] = useState('');
  const isSelf = session.state.is === 'signed-in' && session.state.person.id === id;
  return (
    <details className="ww-more">
      <summary>
        Change<span className="nhsuk-u-visually-hidden"> {name}</span>
      </summary>
      {state === 'locked' && (
        <Form
          button="Unlock"
          isSecondary
          onSend={async () => {
            await ask('POST /api/v1/people/:id/unlock', { id });
            reload();
          }}
        />
      )}
      <Form
        button="Change what they may do"
        isSecondary
        onSend={async () => {
          await ask('POST /api/v1/people/:id/roles', { id, roles: chosen });
          if (isSelf) session.reload();
          reload();
        }}
      >
        <RoleChoice roles={chosen} onChange={setChosen} />
      </Form>
      {isSelf ? (
        <NewPassword id={id} />
      ) : (
        <Form
          button="Make a new link"
          isSecondary
          onSend={async () => {
            const { link, page } = await ask('POST /api/v1/people/:id/reset', { id });
            onLink({ name, link, page });
          }}
        >
          <p>For somebody who cannot sign in: password and second factor are no longer good until they open it.</p>
        </Form>
      )}
      {!isSelf && (
        <Form
          button="End the account"
          isWarning
          check={() => (reason.trim() === '' ? 'Say why.' : null)}
          onSend={async () => {
            await ask('POST /api/v1/people/:id/end', { id, reason });
            reload();
          }}
        >
          <TextField label="Why does it end?" hint="They are signed out at once." value={reason} onChange={setReason} />
        </Form>
      )}
    </details>
  );
}
