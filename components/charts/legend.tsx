interface LegendItem {
  readonly name: string;
  /** A background class. */
  readonly tone: string;
}

export function Legend({ items }: { readonly items: readonly LegendItem[] }) {
  return (
    <span className="flex gap-3 text-2xs text-fg-2">
      {items.map(({ name, tone }) => (
        <span key={name} className="flex items-center gap-1.5">
          <span className={`size-2 rounded-full ${tone}`} aria-hidden />
          {name}
        </span>
      ))}
    </span>
  );
}
