// Figures in few letters: three significant digits, the unit apart so that a view can dim it.

export interface Figure {
  readonly value: string;
  readonly unit: string;
}

/** 88.4, 1.84k, 12.3M. */
export function shortNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e9) return `${threeDigits(value / 1e9)}G`;
  if (magnitude >= 1e6) return `${threeDigits(value / 1e6)}M`;
  if (magnitude >= 10_000) return `${threeDigits(value / 1e3)}k`;
  if (magnitude >= 1_000) return `${(value / 1e3).toFixed(2)}k`;
  return threeDigits(value);
}

function threeDigits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(magnitude >= 10 || magnitude === 0 ? 1 : magnitude >= 1 ? 2 : magnitude >= 0.1 ? 2 : 3);
}

/** Counts read whole: 9,842. */
export function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function perSecond(value: number): string {
  return `${rateNumber(value)}/s`;
}

/** One digit after the point below 100, so that a column of rates lines up. */
export function rateNumber(value: number): string {
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  return value < 99.95 ? value.toFixed(1) : shortNumber(Math.round(value));
}

export function duration(us: number): Figure {
  if (us < 1_000) return { value: us.toFixed(0), unit: 'µs' };
  if (us < 100_000) return { value: (us / 1_000).toFixed(1), unit: 'ms' };
  if (us < 1_000_000) return { value: (us / 1_000).toFixed(0), unit: 'ms' };
  if (us < 100_000_000) return { value: (us / 1_000_000).toFixed(2), unit: 's' };
  return { value: (us / 1_000_000).toFixed(0), unit: 's' };
}

export function durationText(us: number): string {
  const { value, unit } = duration(us);
  return `${value} ${unit}`;
}

/** Decimal units, as networks count: 2.3 kB, 17.4 kB, 915 B. */
export function byteText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** 0.42 of percent, not of one. */
export function percent(share: number): string {
  const value = share * 100;
  return value === 0 ? '0' : value < 10 ? value.toFixed(2) : value.toFixed(0);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${wholeNumber(count)} ${count === 1 ? one : many}`;
}
