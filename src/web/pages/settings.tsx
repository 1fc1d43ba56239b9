import { Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { isForSomeOf, SETTINGS, Title } from '../parts/shell.tsx';

/** What is set up once and looked at now and then. */
export function SettingsPage() {
  const roles = useRoles();
  return (
    <>
      <Title>Settings</Title>
      <Section title="What you can look at and change">
        <ul className="ww-list">
          {SETTINGS.filter((each) => isForSomeOf(each, roles)).map(({ page, text, about }) => (
            <li key={page} className="ww-list__row">
              <div className="ww-list__what">
                <Link to={page}>{text}</Link>
                <p>{about}</p>
              </div>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
