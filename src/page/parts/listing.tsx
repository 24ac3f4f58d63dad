import type { ComponentChildren } from 'preact';
import type { Pages } from '../server/use-pages.ts';
import { FailureText, Waiting } from './answered.tsx';

export interface Column {
  readonly title: string;
  readonly number?: boolean;
  /** Left out where there is little room. */
  readonly minor?: boolean;
}

interface ListingProps<T> {
  readonly pages: Pages<T>;
  /** For those who do not see the table. */
  readonly caption: string;
  readonly columns: readonly Column[];
  /** What is said where nothing is listed. */
  readonly empty: ComponentChildren;
  /** A row. */
  readonly children: (item: T) => ComponentChildren;
}

/** A table that grows page by page. */
export function Listing<T>({ pages, caption, columns, empty, children }: ListingProps<T>) {
  switch (pages.state) {
    case 'waiting':
      return <Waiting lines={8} />;
    case 'failed':
      return <FailureText failure={pages.failure} />;
    case 'here':
      break;
  }
  const { items, more } = pages;
  if (items.length === 0 && !more) return <div class="empty large">{empty}</div>;
  return (
    <>
      <Table caption={caption} columns={columns}>
        {items.map(children)}
      </Table>
      {more && (
        <p class="more">
          <button type="button" class="button" onClick={more}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}

export function Table({
  caption,
  columns,
  stacked = false,
  children,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  /** Where there is little room, the second cell of a row stands below the others. */
  readonly stacked?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <table class={stacked ? 'listing stacked' : 'listing'}>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, number = false, minor = false }) => (
            <th
              key={title}
              scope="col"
              class={[number && 'number', minor && 'minor'].filter(Boolean).join(' ')}
            >
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
