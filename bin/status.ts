// `parallax status`: whether the server serves, and what it says of itself, in the formats of `hubble status`.

import { Command, Option } from 'commander';
import { checkHealth } from '#observer/health.ts';
import { ServerStatusResponse } from '#proto/gen/observer/observer.ts';
import { ask, type ServerOptions, withServerOptions } from './server-option.ts';
import { formatDuration, formatTable, protoJson } from './table.ts';

const formats = ['compact', 'dict', 'json', 'table'] as const;
type StatusFormat = (typeof formats)[number];

export function statusCommand(): Command {
  return withServerOptions(new Command('status').description('state of a relay or exporter'))
    .addOption(new Option('-o, --output <format>', 'format').choices(formats).default('compact'))
    .action(async (options: ServerOptions & { output: StatusFormat }) => {
      await ask(options, async (client) => {
        const health = await checkHealth(client, 'observer.Observer');
        const isServing = health === 'SERVING';
        if (options.output === 'compact') {
          process.stdout.write(`Healthcheck (via ${options.server}): ${isServing ? 'Ok' : `Unavailable: ${health}`}\n`);
        }
        if (!isServing) throw new Error('not healthy');
        process.stdout.write(formatStatus(await client.serverStatus(), options.output));
      });
    });
}

export function formatStatus(status: ServerStatusResponse, format: StatusFormat): string {
  if (format === 'json') return `${JSON.stringify(protoJson(ServerStatusResponse.toJSON(status)))}\n`;
  if (format === 'compact') return compact(status);
  const cells = [
    ['NUM FLOWS', grouped(status.numFlows)],
    ['MAX FLOWS', grouped(status.maxFlows)],
    ['SEEN FLOWS', grouped(status.seenFlows)],
    ['FLOWS PER SECOND', status.flowsRate > 0 ? status.flowsRate.toFixed(2) : 'N/A'],
    ['UPTIME', formatDuration(Number(status.uptimeNs / 1_000_000n))],
    ['NUM CONNECTED NODES', String(status.numConnectedNodes ?? 'N/A')],
    [format === 'dict' ? 'NUM UNAVAIL. NODES' : 'NUM UNAVAILABLE NODES', String(status.numUnavailableNodes ?? 'N/A')],
    ['VERSION', status.version],
  ] as const;
  if (format === 'table')
    return formatTable(
      cells.map(([title]) => title),
      [cells.map(([, value]) => value)],
    );
  const width = Math.max(...cells.map(([title]) => title.length));
  return cells.map(([title, value]) => `${title.padStart(width)}: ${value}\n`).join('');
}

function compact(status: ServerStatusResponse): string {
  const { numFlows, maxFlows, seenFlows, uptimeNs, flowsRate } = status;
  const share = maxFlows === 0n ? '' : ` (${((100 * Number(numFlows)) / Number(maxFlows)).toFixed(2)}%)`;
  const seconds = Number(uptimeNs) / 1e9;
  const rate = flowsRate > 0 || seconds === 0 ? flowsRate : Number(seenFlows) / seconds;
  const lines = [`Current/Max Flows: ${grouped(numFlows)}/${grouped(maxFlows)}${share}`, `Flows/s: ${rate.toFixed(2)}`];
  const { numConnectedNodes: connected, numUnavailableNodes: unavailable } = status;
  if (connected !== undefined) {
    lines.push(`Connected Nodes: ${connected}${unavailable === undefined ? '' : `/${connected + unavailable}`}`);
  }
  if (unavailable !== undefined && unavailable > 0) {
    const names = status.unavailableNodes.toSorted();
    const rest = unavailable - names.length;
    lines.push(`Unavailable Nodes: ${unavailable}`, ...names.map((name) => `  - ${name}`));
    if (rest > 0 && names.length > 0) lines.push(`  - and ${rest} more...`);
  }
  return `${lines.join('\n')}\n`;
}

/** 131072 -> 131,072. */
function grouped(value: bigint): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
