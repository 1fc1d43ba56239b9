import { GLOSSARY } from '../parts/glossary.ts';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';

const WORDS = Object.entries(GLOSSARY)
  .filter(([word]) => word !== 'SHA256')
  .toSorted(([a], [b]) => a.localeCompare(b, 'en-GB'));

/** All words that are explained where they stand. */
export function WordsPage() {
  return (
    <>
      <Title>Words explained</Title>
      <p>Where one of these stands with dots under it, press it.</p>
      <Section title={`${WORDS.length} words`}>
        <dl className="ww-facts">
          {WORDS.map(([word, meaning]) => (
            <div key={word} className="ww-facts__pair">
              <dt>{word}</dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </>
  );
}
