// Times as the reader's clock shows them.

const two = (value: number) => String(value).padStart(2, '0');

/** 14:32:59 */
export function clock(timeMs: number): string {
  const time = new Date(timeMs);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** 14:32:59.412 */
export function clockMs(timeMs: number): string {
  return `${clock(timeMs)}.${String(Math.floor(timeMs % 1000)).padStart(3, '0')}`;
}

/** 3 s, 12 min, 5 h, 2 d: one unit, rounded down. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "14:29", with the day where it was not today; '' for no time. */
export function sinceText(timeMs: number, nowMs = Date.now()): string {
  if (!(timeMs > 0)) return '';
  const time = new Date(timeMs);
  const day = time.toDateString() === new Date(nowMs).toDateString() ? '' : `${dayText(time)} `;
  return `${day}${two(time.getHours())}:${two(time.getMinutes())}`;
}

function dayText(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
