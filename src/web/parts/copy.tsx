import { useState } from 'react';

/** Copies a text. Where the browser does not let a page do that, it is not offered. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState('');
  if (!isSecureContext) return null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied.');
    } catch {
      setSaid('The browser refused: mark the text and copy it yourself.');
    }
  };
  return (
    <p>
      <button type="button" className="nhsuk-button nhsuk-button--secondary" onClick={() => void copy()}>
        Copy {what}
      </button>{' '}
      <span role="status">{said}</span>
    </p>
  );
}
