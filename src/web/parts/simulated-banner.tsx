import { useSession } from './session.tsx';

/** On every page of the made-up hospital: nobody must take it for theirs. */
export function SimulatedBanner() {
  const { isSimulated } = useSession();
  if (!isSimulated) return null;
  return (
    <div className="ww-simulated" role="note" aria-label="Simulation">
      <div className="ww-width">
        <strong>This is a simulated hospice.</strong> No person, machine or attack in it is real, and nothing that you
        do here is kept.{' '}
        <a className="ww-no-print" href="../">
          Back to your own
        </a>
      </div>
    </div>
  );
}
