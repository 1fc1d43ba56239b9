import type { ReactNode } from 'react';
import type { PageName } from './page-names.ts';
import { AboutMePage } from './pages/about-me.tsx';
import { AccountPage } from './pages/account.tsx';
import { AskPage } from './pages/ask.tsx';
import { BoardPage } from './pages/board.tsx';
import { DraftsPage } from './pages/drafts.tsx';
import { ExceptionsPage } from './pages/exceptions.tsx';
import { FilesPage } from './pages/files.tsx';
import { UpkeepPage } from './pages/upkeep.tsx';
import { FindingsPage } from './pages/findings.tsx';
import { HuntPage } from './pages/hunt.tsx';
import { IncidentPage } from './pages/incident.tsx';
import { IncidentsPage } from './pages/incidents.tsx';
import { LocalRulePage } from './pages/local-rule.tsx';
import { NormalPage } from './pages/normal.tsx';
import { NoticesPage } from './pages/notices.tsx';
import { ObservationsPage } from './pages/observations.tsx';
import { PeoplePage } from './pages/people.tsx';
import { RecordsPage } from './pages/records.tsx';
import { ReportsPage } from './pages/reports.tsx';
import { RulesPage } from './pages/rules.tsx';
import { ScopePage } from './pages/scope.tsx';
import { SetAsidePage } from './pages/set-aside.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { NewPage, SignInPage } from './pages/sign-in.tsx';
import { SourcesPage } from './pages/sources.tsx';
import { StartPage } from './pages/start.tsx';
import { TodayPage } from './pages/today.tsx';
import { TrailPage } from './pages/trail.tsx';
import { WelcomePage } from './pages/welcome.tsx';
import { WhoLookedPage } from './pages/who-looked.tsx';
import { WordsPage } from './pages/words.tsx';
import { Link, usePlace } from './parts/router.tsx';
import { useRoles, useSession } from './parts/session.tsx';
import { NAVIGATION, Shell, Title } from './parts/shell.tsx';

const PAGES: Readonly<Record<PageName, () => ReactNode>> = {
  today: TodayPage,
  incidents: IncidentsPage,
  incident: IncidentPage,
  findings: FindingsPage,
  normal: NormalPage,
  observations: ObservationsPage,
  hunt: HuntPage,
  files: FilesPage,
  sources: SourcesPage,
  exceptions: ExceptionsPage,
  'set-aside': SetAsidePage,
  settings: SettingsPage,
  rules: RulesPage,
  'local-rule': LocalRulePage,
  notices: NoticesPage,
  upkeep: UpkeepPage,
  people: PeoplePage,
  trail: TrailPage,
  records: RecordsPage,
  'who-looked': WhoLookedPage,
  scope: ScopePage,
  drafts: DraftsPage,
  board: BoardPage,
  start: StartPage,
  ask: AskPage,
  'about-me': AboutMePage,
  reports: ReportsPage,
  words: WordsPage,
  account: AccountPage,
  welcome: WelcomePage,
};

export function App() {
  return (
    <Shell>
      <Content />
    </Shell>
  );
}

function Content() {
  const { state, reload } = useSession();
  const { page } = usePlace();
  const roles = useRoles();
  if (page === 'welcome' && state.is !== 'loading') return <WelcomePage />;
  switch (state.is) {
    case 'loading':
      return (
        <>
          <h1 className="nhsuk-u-visually-hidden">Wardwatch</h1>
          <p role="status" className="ww-loading">
            Loading…
          </p>
        </>
      );
    case 'failed':
      return (
        <>
          <Title>Wardwatch does not answer</Title>
          <div role="alert" className="ww-trouble">
            <p>
              {state.problem.message} {state.problem.hint}
            </p>
            <button type="button" className="nhsuk-button nhsuk-button--secondary" onClick={reload}>
              Try again
            </button>
          </div>
        </>
      );
    case 'nobody':
      return state.isNew ? <NewPage /> : <SignInPage hasExpired={state.hasExpired} />;
    case 'signed-in': {
      const home = NAVIGATION.find((each) => each.roles.some((role) => roles.includes(role)))?.page ?? 'account';
      if (page === null) return <NoSuchPage />;
      const Page = PAGES[page === 'home' ? home : page];
      // What one has opened is not for the next who signs in, nor for them when their roles are others.
      return <Page key={`${state.person.id} ${roles.join(' ')}`} />;
    }
  }
}

function NoSuchPage() {
  return (
    <>
      <Title>There is no such page</Title>
      <p>Check the address, or begin at a page from the menu above.</p>
      <p>
        <Link to="account">Your account</Link>
      </p>
    </>
  );
}
