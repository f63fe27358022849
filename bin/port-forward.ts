// `parallax port-forward`: the page of a cluster on this machine, through the Kubernetes API and nothing else.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { parsePort } from './address.ts';
import type { PortForward } from './port-forward-listener.ts';
import { runService } from './service.ts';

interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

interface PortForwardCommandOptions extends ClusterOptions {
  readonly port?: number;
  readonly open: boolean;
}

const defaultPorts = { page: 12000, relay: 4245 } as const;

export function portForwardCommand(): Command {
  return new Command('port-forward')
    .description("bring a cluster's page (or relay) to this machine, and open it")
    .addArgument(new Argument('[what]', 'what to bring').choices(['page', 'relay']).default('page'))
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--namespace <name>', 'where Parallax is installed (default: wherever it is found)')
    .option('--kubeconfig <file>', 'default: $KUBECONFIG or ~/.kube/config')
    .option('--port <port>', 'port on this machine (default: 12000 for the page, 4245 for the relay)', parsePort)
    .option('--no-open', 'do not open a browser')
    .action(async (what: 'page' | 'relay', options: PortForwardCommandOptions) => {
      await runService('port-forward', async () => {
        const forward = await forwardFrom(what, options.port ?? defaultPorts[what], options);
        const address = what === 'page' ? `http://127.0.0.1:${forward.port}` : `127.0.0.1:${forward.port}`;
        if (what === 'page' && options.open) openInBrowser(address);
        return {
          readyText: `${address} leads to ${forward.podText}   (Ctrl-C ends it)`,
          stop: () => forward.stop(),
        };
      });
    });
}

/** Named as the hubble command line names them; --namespace is a filter there. */
export interface RelayForwardOptions {
  readonly portForward?: boolean;
  readonly portForwardPort?: number;
  readonly kubeconfig?: string;
  readonly kubeContext?: string;
  readonly kubeNamespace?: string;
}

export function withRelayForward(command: Command): Command {
  return command
    .option('-P, --port-forward', 'ask the relay of a cluster, through the Kubernetes API')
    .option('--port-forward-port <port>', 'port on this machine for -P (default: any that is free)', parsePort)
    .option('--kubeconfig <file>', 'for -P (default: $KUBECONFIG or ~/.kube/config)')
    .option('--kube-context <name>', 'for -P: context of the kubeconfig (default: its current one)')
    .option('--kube-namespace <name>', 'for -P: where the relay is (default: wherever it is found)');
}

/** @returns undefined where none is asked for @throws Error in words */
export async function startRelayForward(options: RelayForwardOptions): Promise<PortForward | undefined> {
  if (options.portForward !== true) return undefined;
  return forwardFrom('relay', options.portForwardPort ?? 0, {
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.kubeContext === undefined ? {} : { context: options.kubeContext }),
    ...(options.kubeNamespace === undefined ? {} : { namespace: options.kubeNamespace }),
  });
}

/** @throws Error in words */
async function forwardFrom(what: 'page' | 'relay', port: number, options: ClusterOptions): Promise<PortForward> {
  const { openApiAccess } = await import('#kubernetes/open-access.ts');
  const { startPortForward } = await import('./port-forward-listener.ts');
  if (options.kubeconfig !== undefined && !existsSync(options.kubeconfig))
    throw new Error(`the kubeconfig ${options.kubeconfig} does not exist.`);
  const access = await openApiAccess(options.kubeconfig ?? 'auto', options.context);
  return startPortForward({
    ...{ access, what, port },
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
}

/** Where there is a desktop; elsewhere the address is printed, which is enough. */
function openInBrowser(address: string): void {
  const hasDesktop = process.platform === 'darwin' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDesktop) return;
  const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [address], {
    stdio: 'ignore',
    detached: true,
  });
  child.on('error', () => undefined);
  child.unref();
}
