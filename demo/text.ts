// The demo's results as lines for a terminal. Pure.
import type { DemoDown } from './down.ts';
import type { DemoStatus } from './status.ts';
import type { DemoUp } from './up.ts';

export function formatUp({ state, networkMs, firstTrafficMs, readyMs, objectsFile }: DemoUp): string {
  const ready = state.pods.filter((pod) => pod.phase === 'ready').length;
  const problems = state.pods
    .filter((pod) => pod.phase !== 'ready')
    .map((pod) => `  ${pod.workload} ${pod.phase}: ${pod.reason ?? 'no reason given'}`);
  const silent =
    state.traffic === 'off'
      ? 'no traffic by request'
      : "no answer yet (does this host's firewall drop bridged packets?)";
  const traffic = firstTrafficMs === null ? silent : `first traffic after ${seconds(firstTrafficMs)}`;
  return [
    `The demo is up: ${ready} of ${state.pods.length} pods; network after ${seconds(networkMs)}, ${traffic}, all pods after ${seconds(readyMs)}.`,
    ...problems,
    `Kubernetes objects for the exporter: --objects ${objectsFile}`,
  ].join('\n');
}

export function formatDown({ removed }: DemoDown): string {
  return removed.length === 0
    ? 'There was no demo to take down.'
    : `The demo is down, and nothing of it is left (${removed.length} things removed).`;
}

export function formatStatus(status: DemoStatus): string {
  if (!('state' in status)) {
    return status.leftovers.length === 0
      ? "The demo is down: 'parallax demo up' starts it."
      : `The demo is not running but left ${status.leftovers.join(', ')}: 'parallax demo down' removes them.`;
  }
  const { state, pods } = status;
  const head = status.running
    ? `The demo is up since ${state.startedAt}, traffic ${state.traffic}, rate ${state.rate}.`
    : "The demo's supervisor has ended: 'parallax demo down' removes what is left.";
  const rows = pods.map((pod) => [
    `${pod.workload.split('/')[0]}/${pod.pod}`,
    pod.phase,
    pod.ipv4,
    `${Math.round(pod.uptimeSeconds)}s`,
    String(pod.asked),
    String(pod.answered),
    pod.reason ?? '',
  ]);
  return [head, ...table([['POD', 'STATE', 'IP', 'UP', 'ASKED', 'ANSWERED', ''], ...rows])].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
