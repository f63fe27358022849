// `parallax exporter`: this node's flows, from the kernel or from a recording, served as an Observer.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type KubernetesOptions, kubernetesOf } from './kubernetes-option.ts';
import { parseBytes } from './quantity.ts';
import { runService } from './service.ts';
import { type ServeTlsOptions, serverTlsOf, withServeTls } from './tls-option.ts';

interface ExporterCommandOptions extends ServeTlsOptions, KubernetesOptions {
  readonly listen: string;
  readonly nodeName: string;
  readonly clusterName: string;
  readonly interfaces?: string;
  readonly objects?: string;
  readonly metrics?: string;
  readonly replay?: string;
  readonly leastPrivilege?: boolean;
  readonly tlsPlaintext?: readonly string[];
  readonly processArguments?: boolean;
  readonly orRecording?: boolean;
  readonly ringBytes: number;
}

const shippedRecording = join(import.meta.dirname, '..', 'demo', 'recordings', 'shop.plx');

/** The exporter's files are loaded by its command alone: images of other processes have none of them. */
async function checkSelectors(selectors: readonly string[], command: Command): Promise<void> {
  const { parseProcessSelector } = await import('#exporter/tls/selector.ts');
  for (const text of selectors) {
    try {
      parseProcessSelector(text);
    } catch (error) {
      command.error(`error: --tls-plaintext: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

export function exporterCommand(): Command {
  return withServeTls(new Command('exporter'))
    .description("serve this node's flows (Linux, root; eBPF)")
    .option('--listen <host:port>', 'gRPC address to serve on', '127.0.0.1:4244')
    .option('--node-name <name>', 'name of this node in its flows', hostname())
    .option('--cluster-name <name>', 'cluster of this node, in the names of ends and of the node', 'default')
    .option('--interfaces <globs>', 'capture on these interfaces only, comma-separated (default: all)')
    .option('--objects <path>', 'Kubernetes objects (JSON or YAML, a file or a folder) to name pods and services from')
    .option(
      '--kubernetes [where]',
      'name the pods of this node from the Kubernetes API: in-cluster, a kubeconfig, or by itself whichever there is',
    )
    .option('--kubernetes-context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--process-arguments', 'tell what processes were started with too, what may be secret taken out')
    .option('--metrics <host:port>', 'serve Prometheus metrics here')
    .option('--ring-bytes <bytes>', 'memory for flows kept (K, M, G allowed)', parseBytes, 64 * 1024 * 1024)
    .addOption(new Option('--replay <file>', 'play a recording instead of capturing').conflicts('orRecording'))
    .option(
      '--least-privilege',
      'give up all rights but CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (needs setpriv)',
    )
    .option(
      '--tls-plaintext <process>',
      'read what this process hands to OpenSSL or Node before it is encrypted: comm:NAME, exe:/PATH, pid:NUMBER, unit:NAME.service or container:ID; may be repeated (default: none)',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--or-recording', 'if this machine cannot capture, say why and play the shipped recording')
    .action(async (options: ExporterCommandOptions, command: Command) => {
      await checkSelectors(options.tlsPlaintext ?? [], command);
      if (options.leastPrivilege === true) {
        const { giveUpOtherRights } = await import('#exporter/least-privilege.ts');
        giveUpOtherRights();
      }
      await runService('exporter', async () => {
        const programs =
          options.replay === undefined
            ? (await import('#exporter/programs-ahead.ts')).programsAhead(options.listen, options.metrics)
            : undefined;
        const tls = serverTlsOf(options);
        const kubernetes = await kubernetesOf(options);
        const { startExporter } = await import('#exporter/exporter.ts');
        const exporter = await startExporter({
          listen: options.listen,
          nodeName: options.nodeName,
          clusterName: options.clusterName,
          ...(kubernetes === undefined ? {} : { kubernetes }),
          ringBytes: options.ringBytes,
          ...(tls === undefined ? {} : { tls }),
          ...(programs === undefined ? {} : { programs }),
          ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces }),
          processArguments: options.processArguments ?? false,
          ...(options.objects === undefined ? {} : { objects: options.objects }),
          ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
          ...(options.tlsPlaintext === undefined ? {} : { tlsPlaintext: options.tlsPlaintext }),
          ...(options.replay === undefined ? {} : { replay: options.replay }),
          ...(options.orRecording === true ? { fallbackRecording: shippedRecording } : {}),
        });
        return {
          readyText: `exporter ready on ${exporter.address}, ${exporter.sourceText}`,
          stop: () => exporter.stop(),
        };
      });
    });
}
