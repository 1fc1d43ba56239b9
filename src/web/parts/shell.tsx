import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ask, asProblem } from '../client/ask.ts';
import type { PageName } from '../page-names.ts';
import { FirstRunBanner } from './first-run.tsx';
import { useKeptFocus } from './kept-focus.ts';
import { useLive } from './live.tsx';
import { goHome, Link, usePlace } from './router.tsx';
import { useRoles, useSession } from './session.tsx';
import { asSeen } from './text.ts';
import { SimulatedBanner } from './simulated-banner.tsx';
import { When } from './words.tsx';

interface MenuPage {
  readonly page: PageName;
  readonly text: string;
  readonly roles: readonly string[];
}

/** Who sees which page in the menu; the first of somebody’s pages is where they begin. The service decides who may. */
export const NAVIGATION: readonly MenuPage[] = [
  { page: 'today', text: 'Today', roles: ['analyst', 'partner'] },
  { page: 'records', text: 'Records', roles: ['privacy'] },
  { page: 'who-looked', text: 'Who looked?', roles: ['privacy'] },
  { page: 'scope', text: 'Whose records?', roles: ['privacy'] },
  { page: 'drafts', text: 'Drafts', roles: ['privacy'] },
  { page: 'board', text: 'Board', roles: ['board'] },
  { page: 'incidents', text: 'Incidents', roles: ['analyst', 'partner', 'privacy'] },
  { page: 'hunt', text: 'Hunt', roles: ['analyst', 'partner'] },
  { page: 'files', text: 'Read files', roles: ['analyst', 'partner'] },
  { page: 'sources', text: 'Sources', roles: ['admin', 'analyst', 'partner'] },
  { page: 'reports', text: 'Reports', roles: ['admin', 'analyst', 'privacy'] },
  { page: 'ask', text: 'Something odd?', roles: ['staff'] },
  { page: 'about-me', text: 'What is recorded about you', roles: ['staff'] },
  { page: 'settings', text: 'Settings', roles: ['admin', 'analyst', 'partner', 'privacy'] },
];

/** What stands under “Settings”, so that the menu stays short. */
export const SETTINGS: readonly (MenuPage & { readonly about: string })[] = [
  {
    page: 'rules',
    text: 'Rules',
    about: 'What is looked for, what cannot be seen here, and what to switch on to see it.',
    roles: ['admin', 'analyst', 'partner'],
  },
  {
    page: 'exceptions',
    text: 'What is normal',
    about: 'What somebody looked at and called normal, and until when.',
    roles: ['admin', 'analyst', 'partner'],
  },
  {
    page: 'set-aside',
    text: 'Set aside',
    about: 'What came and could not be read.',
    roles: ['admin', 'analyst', 'privacy'],
  },
  { page: 'people', text: 'People', about: 'Who may sign in, and what each may do.', roles: ['admin'] },
  {
    page: 'notices',
    text: 'Notices',
    about: 'Who is told of incidents, by what means and when, and what could not be delivered.',
    roles: ['admin'],
  },
  {
    page: 'upkeep',
    text: 'Health and storage',
    about: 'Whether the service itself is well, what to mend, and how much room is left.',
    roles: ['admin'],
  },
  { page: 'trail', text: 'Who did what', about: 'What our own people did here.', roles: ['admin', 'privacy'] },
];

export function Shell({ children }: { readonly children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  useKeptFocus(main);
  return (
    <>
      <a className="nhsuk-skip-link" href="#main">
        Skip to main content
      </a>
      <Header />
      <SimulatedBanner />
      <FirstRunBanner />
      <Connection />
      <div className="ww-width">
        <main className="nhsuk-main-wrapper" id="main" ref={main}>
          {children}
        </main>
      </div>
      <Footer />
    </>
  );
}

/** For everybody who has signed in, whatever they do. */
function Footer() {
  const { state } = useSession();
  if (state.is !== 'signed-in') return null;
  return (
    <footer className="ww-footer ww-no-print">
      <ul className="ww-width ww-nav__list">
        <li>
          <Link to="ask">Seen something odd? Tell us</Link>
        </li>
        <li>
          <Link to="about-me">What is recorded about you</Link>
        </li>
        <li>
          <Link to="words">Words explained</Link>
        </li>
      </ul>
    </footer>
  );
}

function Header() {
  const { state } = useSession();
  const roles = useRoles();
  const { page } = usePlace();
  const shown = NAVIGATION.filter((each) => isForSomeOf(each, roles));
  const settings = SETTINGS.filter((each) => isForSomeOf(each, roles));
  const current = page === 'home' ? shown[0]?.page : page;
  return (
    <header className="ww-header">
      <div className="ww-width ww-header__line">
        <a className="ww-header__name" href="./">
          Wardwatch
        </a>
        {state.is === 'signed-in' && (
          <div className="ww-header__person">
            <Link to="account" isCurrent={current === 'account'}>
              {state.person.name}
            </Link>
            <SignOut />
          </div>
        )}
      </div>
      {shown.length > 0 && <Menu label="Menu" pages={shown} current={current ?? null} />}
      {settings.some((each) => each.page === current) && (
        <Menu label="Settings" pages={settings} current={current ?? null} isSecond />
      )}
    </header>
  );
}

export function isForSomeOf(page: MenuPage, roles: readonly string[]): boolean {
  return page.roles.some((role) => roles.includes(role));
}

interface MenuProps {
  readonly label: string;
  readonly pages: readonly MenuPage[];
  readonly current: PageName | 'home' | null;
  /** The pages of one of the first. */
  readonly isSecond?: boolean;
}

function Menu({ label, pages, current, isSecond = false }: MenuProps) {
  return (
    <nav className={isSecond ? 'ww-nav ww-nav--second' : 'ww-nav'} aria-label={label}>
      <ul className="ww-width ww-nav__list">
        {pages.map(({ page, text }) => (
          <li key={page}>
            <Link to={page} isCurrent={page === current}>
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function SignOut() {
  const { signedOut } = useSession();
  const [problem, setProblem] = useState<string | null>(null);
  const signOut = async () => {
    try {
      await ask('POST /api/v1/session/end', {});
      signedOut();
      goHome();
    } catch (error) {
      setProblem(`You are still signed in: ${asProblem(error).message}`);
    }
  };
  return (
    <>
      <button type="button" className="ww-header__button" onClick={() => void signOut()}>
        Sign out
      </button>
      {problem !== null && <span role="alert">{problem}</span>}
    </>
  );
}

/** A page that is no longer told of new things must not look as if nothing were new. */
function Connection() {
  const { is, since } = useLive();
  if (is !== 'lost') return null;
  return (
    <div className="ww-connection" role="alert">
      <div className="ww-width">
        <strong>The connection is lost.</strong> What you see may be old: nothing new reaches this page since{' '}
        <When at={since} />. Trying again…
      </div>
    </div>
  );
}

export interface TitleProps {
  readonly children: string;
  /** A few words above it. */
  readonly caption?: string;
}

/** The page’s heading: its name in the tab too, and where a screen reader goes on after a change of page. */
export function Title({ children, caption }: TitleProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${asSeen(children).slice(0, 80)} – Wardwatch`;
  }, [children]);
  useEffect(() => {
    // Whoever has just come, or is already somewhere on the page, stays where they are.
    if (document.activeElement === document.body && performance.now() > 5000)
      heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 className="nhsuk-heading-l" ref={heading} tabIndex={-1}>
      {caption !== undefined && <span className="nhsuk-caption-l">{caption}</span>}
      {asSeen(children)}
    </h1>
  );
}
