// `parallax status`: what the server says of itself, as `hubble status` prints it.

import { Command } from 'commander';
import { ServerStatusResponse } from '#proto/gen/observer/observer.ts';
import { ask, type ServerOptions, withServerOptions } from './server-option.ts';
import { formatDuration } from './table.ts';

export function statusCommand(): Command {
  return withServerOptions(new Command('status').description('state of a relay or exporter'))
    .option('-o, --output <format>', 'compact or json', 'compact')
    .action(async (options: ServerOptions & { output: string }) => {
      const status = await ask(options, (client) => client.serverStatus());
      const asJson = `${JSON.stringify(ServerStatusResponse.toJSON(status), (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`;
      process.stdout.write(options.output === 'json' ? asJson : describeStatus(options.server, status));
    });
}

export function describeStatus(server: string, status: ServerStatusResponse): string {
  const lines = [`Healthcheck (via ${server}): Ok`];
  const share = status.maxFlows === 0n ? 0 : (100 * Number(status.numFlows)) / Number(status.maxFlows);
  lines.push(`Current/Max Flows: ${status.numFlows}/${status.maxFlows} (${share.toFixed(2)}%)`);
  lines.push(`Flows/s: ${status.flowsRate.toFixed(2)}`);
  lines.push(
    `Seen flows: ${status.seenFlows}, up ${formatDuration(Number(status.uptimeNs / 1_000_000n))}, version ${status.version}`,
  );
  if (status.numConnectedNodes !== undefined) {
    const unavailable = status.numUnavailableNodes ?? 0;
    lines.push(`Connected Nodes: ${status.numConnectedNodes}/${status.numConnectedNodes + unavailable}`);
    if (unavailable > 0)
      lines.push(
        `Unavailable: ${status.unavailableNodes.join(', ')}${unavailable > status.unavailableNodes.length ? ', ...' : ''}`,
      );
  }
  return `${lines.join('\n')}\n`;
}
