import { memo, useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { FindingLine } from '../parts/finding.tsx';
import { Form, Select, TextField } from '../parts/form.tsx';
import { LongList } from '../parts/long-list.tsx';
import { type Loaded, Show, useAsk } from '../parts/loaded.tsx';
import { Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, dateText, numberText } from '../parts/text.ts';
import { Words } from '../parts/term.tsx';
import { When } from '../parts/words.tsx';

type Listing = Answer<'GET /api/v1/rules'>;
type Rule = Listing['rules'][number];
type Whole = Answer<'GET /api/v1/rules/:key'>;
type RuleState = Rule['state'];

const STATE: Readonly<Record<RuleState, readonly [colour: string, text: string]>> = {
  runs: ['green', 'Can fire'],
  blind: ['orange', 'Sees nothing'],
  'cannot-run': ['grey', 'Cannot run'],
};

const LEVEL: Readonly<Record<string, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  informational: 'For information',
};

export function RulesPage() {
  const rules = useAsk('GET /api/v1/rules', {});
  return (
    <>
      <Title>Rules</Title>
      <p>A rule says what a step of an attack looks like in a log. It can only fire if such logs come.</p>
      <Show of={rules} what="the rules">
        {(listing) => <Rules listing={listing} reload={rules.is === 'ready' ? rules.reload : nothing} />}
      </Show>
    </>
  );
}

interface Filter {
  readonly words: string;
  readonly state: RuleState | '';
  readonly from: '' | 'own' | 'added' | 'made' | 'fired';
  /** What they need, by its place in the listing; `null`: whatever it is. */
  readonly needs: number | null;
}

const ALL: Filter = { words: '', state: '', from: '', needs: null };
/** Words are looked for once somebody rests from typing. */
const REST_MS = 150;

const nothing = () => undefined;

function Rules({ listing, reload }: { readonly listing: Listing; readonly reload: () => void }) {
  const [filter, setFilter] = useState(ALL);
  // The box answers each key at once; the list follows when there is time.
  const chosen = useDeferredValue(filter);
  const withWords = useWithWords(filter.words);
  const keys = withWords.is === 'ready' ? withWords.data : null;
  const found = useMemo(() => listing.rules.filter(isFound(chosen, keys)).toSorted(byWeight), [listing, chosen, keys]);
  const change = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  return (
    <>
      <Counts listing={listing} onChoose={(state) => setFilter({ ...ALL, state })} />
      <ToSwitchOn listing={listing} onChoose={(needs) => setFilter({ ...ALL, state: 'blind', needs })} />
      <Section title="Find a rule">
        <TextField
          label="Words"
          hint="Of its title, its sentence, its author or what it needs."
          value={filter.words}
          onChange={(words) => change({ words })}
        />
        <div className="ww-pair">
          <Select
            label="How it stands"
            value={filter.state}
            onChange={(state) => change({ state: isState(state) ? state : '', needs: null })}
            options={[['', 'Any'], ...STATES.map((state) => [state, STATE[state][1]] as const)]}
          />
          <Select
            label="Which"
            value={filter.from}
            onChange={(from) => change({ from: isOrigin(from) ? from : '' })}
            options={[
              ['', 'All'],
              ['fired', `Fired in the last ${listing.days} days`],
              ['own', 'Wardwatch’s own'],
              ['added', 'From SigmaHQ or another folder'],
              ['made', 'Made here of a search'],
            ]}
          />
        </div>
        <Show of={withWords} what="which rules have these words">
          {() => (
            <>
              <p role="status">
                <strong>{counted(found.length, 'rule')}</strong>
                {filter.needs !== null && <> that need {listing.needs[filter.needs]}</>}{' '}
                {filter !== ALL && (
                  <button type="button" className="ww-back" onClick={() => setFilter(ALL)}>
                    Show all rules
                  </button>
                )}
              </p>
              <List rules={found} days={listing.days} listKey={JSON.stringify(chosen)} reload={reload} />
            </>
          )}
        </Show>
      </Section>
    </>
  );
}

function isOrigin(text: string): text is Filter['from'] {
  return ['own', 'added', 'made', 'fired'].includes(text);
}

const STATES: readonly RuleState[] = ['runs', 'blind', 'cannot-run'];

function isState(text: string): text is RuleState {
  return (STATES as readonly string[]).includes(text);
}

/** The keys of the rules that have all of the words; those of before, until the service has answered. `null`: no word, so all. */
function useWithWords(words: string): Loaded<ReadonlySet<string> | null> {
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(words.trim()), REST_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const isWanted = asked !== '';
  const answer = useAsk('GET /api/v1/rules/search', { words: asked }, { everyMs: null, isWanted });
  const [last, setLast] = useState<Loaded<ReadonlySet<string> | null>>(EVERY);
  useEffect(() => {
    if (!isWanted) setLast(EVERY);
    else if (answer.is === 'ready') setLast({ ...answer, data: new Set(answer.data.keys) });
    else if (answer.is !== 'loading') setLast(answer);
  }, [answer, isWanted]);
  return last;
}

const EVERY: Loaded<null> = { is: 'ready', data: null, at: 0, stale: null, reload: nothing };

function isFound({ state, from, needs }: Filter, keys: ReadonlySet<string> | null): (rule: Rule) => boolean {
  return (rule) =>
    (state === '' || rule.state === state) &&
    (needs === null || rule.needs === needs) &&
    (from === '' || (from === 'fired' ? rule.fired > 0 : rule.from === from)) &&
    (keys === null || keys.has(rule.key));
}

const LEVELS = Object.keys(LEVEL);

/** Those that fired first, then the gravest. */
function byWeight(a: Rule, b: Rule): number {
  const level = ({ level: of }: Rule) => (of === null ? LEVELS.length : LEVELS.indexOf(of));
  return b.fired - a.fired || level(a) - level(b) || a.title.localeCompare(b.title, 'en-GB');
}

function Counts({
  listing: { rules, since, days },
  onChoose,
}: {
  readonly listing: Listing;
  readonly onChoose: (state: RuleState) => void;
}) {
  const count = (state: RuleState) => rules.filter((rule) => rule.state === state).length;
  const about: Readonly<Record<RuleState, string>> = {
    runs: `something came since ${dateText(since)} that they could judge`,
    blind: 'nothing that came since then could ever have made them fire',
    'cannot-run': 'they could not be read, were retired by their author, or are for logs that are not read here',
  };
  return (
    <Section title={`${counted(rules.length, 'rule')}, and what they can see`}>
      <dl className="ww-facts">
        {STATES.map((state) => (
          <div key={state} className="ww-facts__pair">
            <dt>
              <button type="button" className="ww-back" onClick={() => onChoose(state)}>
                {STATE[state][1]}: {numberText(count(state))}
              </button>
            </dt>
            <dd>{about[state]}</dd>
          </div>
        ))}
      </dl>
      <p className="ww-quiet">
        What came is remembered for {days} days, and noted every ten minutes. Rules that only serve other rules are
        counted too.
      </p>
    </Section>
  );
}

const FEW = 6;

/** What would give the most rules something to see. */
function ToSwitchOn({
  listing: { rules, needs: names },
  onChoose,
}: {
  readonly listing: Listing;
  readonly onChoose: (needs: number) => void;
}) {
  const [isWhole, setWhole] = useState(false);
  const needs = useMemo(() => {
    const counts = new Map<number, number>();
    for (const rule of rules)
      if (rule.state === 'blind' && rule.needs !== null) counts.set(rule.needs, (counts.get(rule.needs) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }, [rules]);
  if (needs.length === 0) return null;
  return (
    <Section title="To see more, switch on or send">
      <ul>
        {(isWhole ? needs : needs.slice(0, FEW)).map(([place, count]) => (
          <li key={place}>
            <Words text={names[place] ?? ''} />:{' '}
            <button type="button" className="ww-back" onClick={() => onChoose(place)}>
              {counted(count, 'rule')}
              <span className="nhsuk-u-visually-hidden"> that need {names[place]}</span>
            </button>
          </li>
        ))}
      </ul>
      {needs.length > FEW && !isWhole && (
        <button type="button" className="ww-back" onClick={() => setWhole(true)}>
          Show all {needs.length}
        </button>
      )}
    </Section>
  );
}

interface ListProps {
  readonly rules: readonly Rule[];
  readonly days: number;
  readonly listKey: string;
  readonly reload: () => void;
}

const List = memo(function List({ rules, days, listKey, reload }: ListProps) {
  const draw = useCallback((rule: Rule) => <One rule={rule} days={days} reload={reload} />, [days, reload]);
  if (rules.length === 0) return <p>No rule is like that. Try fewer words.</p>;
  return <LongList key={listKey} items={rules} keyOf={keyOf} draw={draw} />;
});

function keyOf({ key }: Rule): string {
  return key;
}

interface OneProps extends Pick<ListProps, 'days' | 'reload'> {
  readonly rule: Rule;
}

const One = memo(function One({ rule, days, reload }: OneProps) {
  const [isOpen, setOpen] = useState(false);
  const [colour, text] = STATE[rule.state];
  return (
    <details className="ww-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</span> {rule.title}
        <span className="ww-quiet">
          {rule.level !== null && ` · ${LEVEL[rule.level] ?? rule.level}`}
          {rule.fired > 0 && ` · fired ${rule.fired === 1 ? 'once' : `${numberText(rule.fired)} times`}`}
        </span>
      </summary>
      {isOpen && <Opened rule={rule} days={days} reload={reload} />}
    </details>
  );
});

function Opened({ rule: { key }, days, reload }: OneProps) {
  const rule = useAsk('GET /api/v1/rules/:key', { key }, { everyMs: null });
  return (
    <Show of={rule} what="the rule">
      {(whole) => <Detail rule={whole} days={days} reload={reload} />}
    </Show>
  );
}

function Detail({ rule, days, reload }: Pick<OneProps, 'days' | 'reload'> & { readonly rule: Whole }) {
  const roles = useRoles();
  const { id, plain, state, needs, detail, from, author, file, isSilent, fired, lastAt, made } = rule;
  return (
    <>
      {plain !== null && (
        <p>
          <Words text={plain} />
        </p>
      )}
      <dl className="ww-facts">
        {state === 'cannot-run' && (
          <>
            <dt>Why it cannot run</dt>
            <dd>{detail}</dd>
          </>
        )}
        {needs !== null && (
          <>
            <dt>{state === 'blind' ? 'To let it see, switch on or send' : 'It needs'}</dt>
            <dd>
              <Words text={needs} />
            </dd>
          </>
        )}
        {state !== 'cannot-run' && (
          <>
            <dt>In the last {days} days</dt>
            <dd>
              {isSilent ? (
                'It speaks through other rules only, which join what it sees.'
              ) : fired === 0 || lastAt === null ? (
                'It did not fire.'
              ) : (
                <>
                  It fired {fired === 1 ? 'once' : `${numberText(fired)} times`}, the last <When at={lastAt} />.
                </>
              )}
            </dd>
          </>
        )}
        <dt>By</dt>
        <dd>
          {author === '' ? 'nobody named' : author}
          {from === 'own' && ' (ours)'}
        </dd>
        {made === null ? (
          <>
            <dt>File</dt>
            <dd>
              {file} <span className="ww-quiet">{id}</span>
            </dd>
          </>
        ) : (
          <>
            <dt>Made here</dt>
            <dd>
              <When at={made.at} />, of the search <code>{made.query}</code>
            </dd>
          </>
        )}
      </dl>
      {made !== null && id !== null && (roles.includes('analyst') || roles.includes('admin')) && (
        <Form
          button="Switch it off"
          isSecondary
          onSend={async () => {
            await ask('POST /api/v1/local-rules/:id/end', { id });
            reload();
          }}
        >
          <p>It looks at nothing from then on. What it found stays.</p>
        </Form>
      )}
      {fired > 0 && id !== null && (roles.includes('analyst') || roles.includes('partner')) && <Found rule={id} />}
    </>
  );
}

const LATEST = 10;

/** Each opens to its log line in the hunt. */
function Found({ rule }: { readonly rule: string }) {
  const found = useAsk('GET /api/v1/findings', { rule, limit: LATEST }, { everyMs: null });
  return (
    <Show of={found} what="what it found">
      {({ items, next }) => (
        <>
          <h3 className="nhsuk-heading-s">{next === null ? 'What it found' : `The last ${LATEST} that it found`}</h3>
          {items.map(({ id, at, plain, observation }) => (
            <FindingLine key={id} id={id} at={at} plain={plain} points={observation?.points ?? 0} />
          ))}
          {next !== null && (
            <p>
              <Link to="findings" query={{ rule }}>
                All that it found
              </Link>
            </p>
          )}
        </>
      )}
    </Show>
  );
}
