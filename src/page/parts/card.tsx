import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Stands at the end of the title's line. */
  readonly aside?: ComponentChildren;
  readonly wide?: boolean;
}

/** A part of a view, with its title. */
export function Card({ title, children, aside, wide = false }: CardProps) {
  const id = useId();
  return (
    <section class={wide ? 'card wide' : 'card'} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
