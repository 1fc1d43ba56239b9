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
