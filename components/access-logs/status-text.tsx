// A status as a figure with a tone, and a word where there is none: colour never stands alone.

export function StatusText({ status }: { readonly status: number }) {
  if (status < 0) return null;
  if (status === 0) return <span className="text-bad">none</span>;
  const tone = status >= 500 ? 'text-bad' : status >= 400 ? 'text-warn' : 'text-fg-2';
  return <span className={`tabular-nums ${tone}`}>{status}</span>;
}
