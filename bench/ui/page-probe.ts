// What is asked of the page while it is measured. Runs in the browser: everything a function needs is inside of it.

export interface Frames {
  readonly perSecond: number;
  readonly worstMs: number;
}

/** Frames for a while; with `isPanning` one step of the arrow keys a frame, to and fro. */
export async function countFrames({ ms, isPanning }: { ms: number; isPanning: boolean }): Promise<Frames> {
  const stage = document.querySelector('[role="group"][aria-label^="Map."]');
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  const start = await frame();
  let last = start;
  let frames = 0;
  let worstMs = 0;
  while (last - start < ms) {
    const key = Math.floor((last - start) / 500) % 2 === 0 ? 'ArrowRight' : 'ArrowLeft';
    if (isPanning) stage?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const now = await frame();
    worstMs = Math.max(worstMs, now - last);
    frames += 1;
    last = now;
  }
  return { perSecond: (frames * 1000) / (last - start), worstMs };
}

export interface Stage {
  readonly name: string;
  /** Since the start of navigation. */
  readonly ms: number;
}

/** How the page came to its first map: the server's answer, then what the page marks itself. */
export function stages(): Stage[] {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const marks = ['page script', 'page hydrated', 'map received', 'map laid out', 'map drawn'];
  return [
    { name: 'html', ms: navigation?.responseEnd ?? 0 },
    ...marks.flatMap((name) => performance.getEntriesByName(name).map(({ startTime: ms }) => ({ name, ms }))),
  ].sort((left, right) => left.ms - right.ms);
}

/** Ages of the newest row at each of its changes, milliseconds: until so many, or for a time. */
export async function rowAges({ count, ms }: { count: number; ms: number }): Promise<number[]> {
  const table = document.querySelector('table[aria-label="Flows"], [role="table"][aria-label="Flows"]');
  const newest = () => /\d\d:\d\d:\d\d\.\d{3}/.exec(table?.textContent ?? '')?.[0] ?? '';
  const ages: number[] = [];
  const untilMs = performance.now() + ms;
  let before = newest();
  while (ages.length < count && performance.now() < untilMs) {
    await new Promise(requestAnimationFrame);
    const time = newest();
    if (time === before || time === '') continue;
    before = time;
    const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
    const now = new Date();
    const midnightMs = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
    ages.push(Date.now() - midnightMs - (hours * 3600 + minutes * 60 + seconds) * 1000);
  }
  return ages;
}
