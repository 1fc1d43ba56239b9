import type { ReactNode } from 'react';

export interface SectionProps {
  readonly title: string;
  readonly children: ReactNode;
}

export function Section({ title, children }: SectionProps) {
  return (
    <section className="ww-section" aria-label={title}>
      <h2 className="nhsuk-heading-m">{title}</h2>
      {children}
    </section>
  );
}

/** What may be wider than the page, as a table: by keyboard too it is moved to its end. */
export function Scroll({ title, children }: SectionProps) {
  return (
    <div className="ww-scroll" role="region" aria-label={title} tabIndex={0}>
      {children}
    </div>
  );
}
