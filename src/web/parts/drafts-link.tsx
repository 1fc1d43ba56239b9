import { Link } from './router.tsx';
import { useRoles } from './session.tsx';

/** To the drafts of what has to be told of an incident, for those who may write them. */
export function DraftsLink({ incident }: { readonly incident: string }) {
  const roles = useRoles();
  if (!roles.includes('analyst') && !roles.includes('privacy')) return null;
  return (
    <p>
      <Link to="drafts" query={{ id: incident }}>
        What to tell, and whom: drafts
      </Link>
    </p>
  );
}
