// The demo's door for the command line: each command as one call that ends in text.
import { type BurstOptions, sendBurst } from './burst.ts';
import { demoDown as takeDown } from './down.ts';
import { demoStatus as readStatus } from './status.ts';
import { formatDown, formatStatus, formatUp } from './text.ts';
import { demoUp as bringUp, type DemoUp, type DemoUpOptions } from './up.ts';

export interface DirectoryOption {
  readonly directory?: string;
}

export async function demoUp(options: DemoUpOptions = {}): Promise<DemoUp & { readonly text: string }> {
  const up = await bringUp(options);
  return { ...up, text: formatUp(up) };
}

export async function demoDown(
  options: DirectoryOption = {},
): Promise<{ readonly removed: readonly string[]; readonly text: string }> {
  const down = await takeDown(options);
  return { ...down, text: formatDown(down) };
}

export function demoStatus(options: DirectoryOption = {}): { readonly running: boolean; readonly text: string } {
  const status = readStatus(options);
  return { running: status.running, text: formatStatus(status) };
}

/** `shop/web -> shop/catalog: 100 sent, 100 answered (200: 100)` */
export async function demoBurst(options: BurstOptions): Promise<{ readonly answered: number; readonly text: string }> {
  const { sent, answered, statuses } = await sendBurst(options);
  const kinds = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  const detail = kinds.length > 0 ? ` (${kinds.join(', ')})` : '';
  return { answered, text: `${options.from} -> ${options.to}: ${sent} sent, ${answered} answered${detail}` };
}
