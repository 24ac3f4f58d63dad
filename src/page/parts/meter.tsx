/** How much of something is used, as a bar beside its numbers, which say the same. */
export function Meter({
  value,
  of,
  label,
  tone = 'plain',
}: {
  readonly value: number;
  readonly of: number;
  readonly label: string;
  readonly tone?: 'plain' | 'warning' | 'bad';
}) {
  const share = of > 0 ? Math.min(1, value / of) : 0;
  return (
    <div
      class={`meter ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={of}
      aria-valuenow={Math.min(value, of)}
    >
      {share > 0 && <span style={{ width: `${share * 100}%` }} />}
    </div>
  );
}

/** How far something has come; without `of` nobody knows how far it is. */
export function Progress({
  value,
  of,
  label,
}: {
  readonly value: number;
  readonly of: number | null;
  readonly label: string;
}) {
  if (of === null || of === 0) return <progress aria-label={label} />;
  return <progress aria-label={label} value={Math.min(value, of)} max={of} />;
}
