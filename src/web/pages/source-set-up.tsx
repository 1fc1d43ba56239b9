import type { Answer } from '../client/ask.ts';
import { CopyButton } from '../parts/copy.tsx';
import { Section } from '../parts/section.tsx';
import { GUIDES, type SourceGuide, type SourceKind } from '../parts/source-guides.ts';
import { When } from '../parts/words.tsx';

type Sources = Answer<'GET /api/v1/sources'>;

/** What to copy to a source that was just added, and whether it works. */
export function SetUp({
  kind,
  token,
  source,
  doors,
}: {
  readonly kind: SourceKind;
  readonly token: string;
  readonly source: Sources['items'][number] | null;
  readonly doors: Sources['doors'];
}) {
  const guide = GUIDES.find((each) => each.kind === kind);
  const isHeard = source?.lastHeardAt != null;
  return (
    <Section title={`Connect ${source?.name ?? 'it'}`}>
      <p role="status" className="ww-note">
        {isHeard ? (
          <>
            <strong>It works.</strong> First heard <When at={source.lastHeardAt} />.
          </>
        ) : (
          <>
            <strong>Nothing heard yet.</strong> This line changes by itself when the first log line comes.
          </>
        )}
      </p>
      {guide?.usesToken === true && (
        <p>
          Its token, shown only now: <code className="ww-secret">{token}</code>
        </p>
      )}
      {guide !== undefined && <Lines guide={guide} token={token} doors={doors} />}
    </Section>
  );
}

function Lines({
  guide,
  token,
  doors,
}: {
  readonly guide: SourceGuide;
  readonly token: string;
  readonly doors: Sources['doors'];
}) {
  const { option, port } = DOORS[guide.door];
  const open = doors[guide.door];
  const isTls = doors['http']?.startsWith('https:') === true;
  const steps = guide.steps.filter((step) => isTls || !step.includes('wardwatch.crt'));
  const own = isTls ? guide.configuration : guide.configuration.replace('--cacert wardwatch.crt ', '');
  const text = own
    .replaceAll('ADDRESS', new URL('./', location.href).href.replace(/\/$/, ''))
    .replaceAll('SERVER', location.hostname)
    .replaceAll('PORT', portOf(open) ?? port)
    .replaceAll('TOKEN', token);
  return (
    <>
      {open === undefined && (
        <p className="ww-note">
          <strong>This door is closed.</strong> End the service, and start it again with this besides the options that
          it has: <code>{`npm start -- serve ${option} 0.0.0.0:${port}`}</code>
        </p>
      )}
      {open !== undefined && isLoopback(open) && (
        <p className="ww-note">
          <strong>Only this machine can reach it so far.</strong> For others to send here, start the service with{' '}
          <code>{`${option} 0.0.0.0:${portOf(open) ?? port}`}</code>
          {guide.door === 'http' && !isTls && ' and without --plain-http'}, and put the name or address of this machine
          where the lines say {location.hostname}.
        </p>
      )}
      {steps.map((step) => (
        <p key={step}>{step}</p>
      ))}
      {isTls && (
        <p>
          <a href="api/v1/certificate" download="wardwatch.crt">
            Download the certificate (wardwatch.crt)
          </a>
        </p>
      )}
      <pre className="ww-raw">{text}</pre>
      <CopyButton text={text} what="the lines" />
    </>
  );
}

const DOORS: Readonly<Record<SourceGuide['door'], { readonly option: string; readonly port: string }>> = {
  http: { option: '--listen', port: '8443' },
  syslogTls: { option: '--syslog-tls', port: '6514' },
  mllpTls: { option: '--mllp-tls', port: '2576' },
};

function portOf(address: string | undefined): string | null {
  return /:(\d+)\/?$/.exec(address ?? '')?.[1] ?? null;
}

function isLoopback(address: string): boolean {
  return /(?:^|\/)(?:127\.|localhost|\[?::1\]?)/.test(address);
}
