import { useId } from 'react';
import { GLOSSARY, piecesOf } from './glossary.ts';

/** A text in which each technical word tells what it means when it is pressed. */
export function Words({ text }: { readonly text: string }) {
  return piecesOf(text).map(({ text: piece, term }, index) =>
    term === null ? piece : <Term key={`${index} ${term}`} word={piece} meaning={GLOSSARY[term] ?? ''} />,
  );
}

/** The browser’s own popover: Escape and a press elsewhere close it. */
function Term({ word, meaning }: { readonly word: string; readonly meaning: string }) {
  const id = useId();
  return (
    <>
      <button type="button" className="ww-term" popoverTarget={id}>
        {word}
        <span className="nhsuk-u-visually-hidden"> (what is this?)</span>
      </button>
      <span popover="auto" id={id} className="ww-term__meaning">
        <strong>{word}</strong>: {meaning}
      </span>
    </>
  );
}
