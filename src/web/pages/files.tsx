import { type DragEvent, useState } from 'react';
import type { Answer } from '../client/ask.ts';
import { sendFile } from '../client/send-file.ts';
import { asProblem } from '../client/ask.ts';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { bytesText, counted, numberText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Scan = Answer<'GET /api/v1/scans'>['scans'][number];

const WHILE_READING_MS = 2000;

/** Logs that somebody brings on a stick or by mail: read here and now, apart from what the sources send. */
export function FilesPage() {
  const scans = useAsk('GET /api/v1/scans', {}, { everyMs: WHILE_READING_MS });
  return (
    <>
      <Title>Read files</Title>
      <p>
        Drop Windows event logs, zips or exports here, for example from a machine that was attacked. They are read and
        judged at once, and kept apart: nothing of them joins your incidents, and the file is removed when it has been
        read.
      </p>
      <Drop onSent={() => (scans.is === 'ready' ? scans.reload() : undefined)} />
      <Show of={scans} what="the files that were read">
        {({ scans: all }) =>
          all.length === 0 ? (
            <p>No file has been read since the service was started.</p>
          ) : (
            <Section title="Files, the newest first">
              <ul className="ww-list">
                {all.map((scan) => (
                  <li key={scan.id} className="ww-list__row">
                    <div className="ww-list__what">
                      <strong>{scan.name}</strong>
                      <p className="ww-quiet">
                        {bytesText(scan.bytes)}, from {scan.by}, <When at={scan.at} />
                      </p>
                      <State scan={scan} />
                    </div>
                  </li>
                ))}
              </ul>
            </Section>
          )
        }
      </Show>
    </>
  );
}

function State({ scan: { id, name, state } }: { readonly scan: Scan }) {
  switch (state.is) {
    case 'waiting':
      return <p>It waits for its turn.</p>;
    case 'reading':
      return (
        <p>
          <progress value={state.part} max={1} aria-label={`How far ${name} has been read`} />{' '}
          {counted(state.events, 'event')} read, {counted(state.findings, 'finding')} so far.
        </p>
      );
    case 'failed':
      return <p role="alert">It could not be read: {state.why}</p>;
    case 'done':
      return (
        <>
          <p>
            <strong>{state.verdict}</strong>
          </p>
          <p>
            {counted(state.events, 'event')}: {numberText(state.levels.critical)} critical,{' '}
            {numberText(state.levels.high)} high, {numberText(state.levels.medium)} medium and{' '}
            {numberText(state.levels.low)} low findings.{' '}
            {state.setAside > 0 && `${counted(state.setAside, 'item')} could not be read.`}
          </p>
          <p>
            <a href={`api/v1/scans/${encodeURIComponent(id)}/report`} target="_blank" rel="noreferrer">
              Open the report of {name} (in a new tab)
            </a>
          </p>
        </>
      );
  }
}

function Drop({ onSent }: { readonly onSent: () => void }) {
  const [isOver, setOver] = useState(false);
  const [sending, setSending] = useState<{ readonly name: string; readonly part: number } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const send = async (files: readonly File[]) => {
    setProblem(null);
    try {
      for (const file of files) {
        setSending({ name: file.name, part: 0 });
        await sendFile(file, (part) => setSending({ name: file.name, part }));
        onSent();
      }
    } catch (error) {
      const { message, hint } = asProblem(error);
      setProblem(`${message} ${hint}`);
    } finally {
      setSending(null);
    }
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (sending === null) void send([...event.dataTransfer.files]);
  };
  return (
    <div
      className={isOver ? 'ww-drop ww-drop--over' : 'ww-drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <label htmlFor="files">Drop files here, or choose them:</label>
      <input
        id="files"
        type="file"
        multiple
        disabled={sending !== null}
        onChange={(event) => {
          const { files } = event.target;
          if (files !== null) void send([...files]).then(() => (event.target.value = ''));
        }}
      />
      <p role="status">{sending !== null && `Sending ${sending.name}: ${Math.round(sending.part * 100)} %`}</p>
      {problem !== null && <p role="alert">{problem}</p>}
    </div>
  );
}
