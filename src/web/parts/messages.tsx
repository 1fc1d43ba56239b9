import type { Answer } from '../client/ask.ts';
import { When } from './words.tsx';

export interface MessagesProps {
  readonly messages: Answer<'GET /api/v1/reports/mine'>['items'][number]['messages'];
  /** What the reader’s own are called; `null`: by name. */
  readonly own: string | null;
}

/** What was said of a report, the oldest first, as it was typed. */
export function Messages({ messages, own }: MessagesProps) {
  return (
    <>
      {messages.map(({ at, author, isReporter, text }, index) => (
        <div key={`${at} ${index}`} className={isReporter ? 'ww-message' : 'ww-message ww-message--answer'}>
          <p className="ww-quiet nhsuk-u-margin-bottom-1">
            {isReporter ? (own ?? author) : `${author} answered`}, <When at={at} />
          </p>
          <p className="ww-words">{text}</p>
        </div>
      ))}
    </>
  );
}
