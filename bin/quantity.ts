// Amounts as the command line takes them.

const units = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** "256M" -> bytes. @throws Error naming the text and the form. */
export function parseBytes(text: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text.trim());
  const unit = (match?.[2] ?? '').toUpperCase();
  if (match === null || !Object.hasOwn(units, unit))
    throw new Error(`"${text}" is no amount of bytes, such as 268435456 or 256M.`);
  return Number(match[1]) * units[unit as keyof typeof units];
}

const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A point in time as hubble takes it: "5m" or "1h30m" before now, or an RFC 3339 date.
 * @returns Unix nanoseconds. @throws Error naming the text and the forms.
 */
export function parseTime(text: string, nowMs: number): bigint {
  if (/^(\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) {
    let ago = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
      ago += Number(amount) * seconds[unit as keyof typeof seconds];
    return BigInt(Math.round(nowMs - ago * 1000)) * 1_000_000n;
  }
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new Error(`"${text}" is no time: write 30s, 5m, 1h30m (ago) or 2026-11-22T10:00:00Z.`);
  return BigInt(date) * 1_000_000n;
}
