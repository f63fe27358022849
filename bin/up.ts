// `parallax up`: exporter, relay and page on this machine, all on loopback, as three child processes that live and end together.

import { Command } from 'commander';
import { parsePort } from './address.ts';
import { type ChildService, startChild, stopChildren } from './child-service.ts';
import { refuseBusyPorts } from './ports.ts';
import type { DemoBesideUp } from './up-demo.ts';

interface UpOptions {
  readonly uiPort: number;
  readonly relayPort: number;
  readonly exporterPort: number;
  readonly interfaces?: string;
  readonly objects?: string;
  readonly policies?: string;
  readonly replay?: string;
  readonly demo?: boolean;
}

export function upCommand(): Command {
  return new Command('up')
    .description("show this machine's traffic: exporter, relay and page on loopback")
    .option('--ui-port <port>', 'port of the page', parsePort, 12000)
    .option('--relay-port <port>', 'gRPC port of the relay', parsePort, 4245)
    .option('--exporter-port <port>', 'gRPC port of the exporter', parsePort, 4244)
    .option('--interfaces <globs>', 'capture on these interfaces only, comma-separated (default: all)')
    .option('--objects <path>', 'Kubernetes objects (JSON or YAML, a file or a folder) to name pods and services from')
    .option('--policies <path>', 'say of each flow which of these network policies decides it')
    .option('--replay <file>', 'play a recording instead of capturing')
    .option('--demo', 'bring up the demo cluster as well (root, Linux)')
    .action(up);
}

export function openCommand(): Command {
  return new Command('open')
    .description('show a recording: the same as `parallax up --replay FILE`')
    .argument('<file>')
    .option('--ui-port <port>', 'port of the page', parsePort, 12000)
    .option('--relay-port <port>', 'gRPC port of the relay', parsePort, 4245)
    .option('--exporter-port <port>', 'gRPC port of the player', parsePort, 4244)
    .action((file: string, options: Omit<UpOptions, 'replay'>) => up({ ...options, replay: file }));
}

async function up(options: UpOptions): Promise<void> {
  await refuseBusyPorts([
    { port: options.exporterPort, name: 'the exporter', flag: '--exporter-port' },
    { port: options.relayPort, name: 'the relay', flag: '--relay-port' },
    { port: options.uiPort, name: 'the page', flag: '--ui-port' },
  ]);
  const children: ChildService[] = [];
  let ending = false;
  const end = async (exitCode: number): Promise<void> => {
    if (ending) return;
    ending = true;
    process.exitCode = exitCode;
    await Promise.allSettled([stopChildren(children), demo?.stop()]);
    process.exit();
  };
  let demo: DemoBesideUp | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));

  const child = (name: string, args: readonly string[]): Promise<void> => {
    const service = startChild(name, args, (reason) => {
      if (ending) return;
      process.stderr.write(`${name} ended (${reason}); stopping the rest.\n`);
      void end(1);
    });
    children.push(service);
    return service.ready;
  };
  const exporter = `127.0.0.1:${options.exporterPort}`;
  const relay = `127.0.0.1:${options.relayPort}`;
  try {
    if (options.demo === true) demo = (await import('./up-demo.ts')).startDemo();
    const objects = options.objects ?? demo?.objectsPath;
    const policies = options.policies ?? demo?.policiesPath;
    // All three at once: relay and page wait for whom they need, so the slowest decides and not the sum.
    await Promise.all([
      demo?.ready,
      child('exporter', [
        ...['exporter', '--listen', exporter],
        ...(options.interfaces === undefined ? [] : ['--interfaces', options.interfaces]),
        ...(objects === undefined ? [] : ['--objects', objects]),
        ...(options.replay === undefined ? ['--or-recording'] : ['--replay', options.replay]),
      ]),
      child('relay', [
        ...['relay', '--listen', relay, '--peers', exporter],
        ...(policies === undefined ? [] : ['--policies', policies]),
        ...(policies === undefined || objects === undefined ? [] : ['--objects', objects]),
        ...(demo === undefined ? [] : ['--access-log', `${demo.accessLogPath}:nginx`]),
      ]),
      child('ui', ['ui', '--relay', relay, '--listen', `127.0.0.1:${options.uiPort}`]),
    ]);
    process.stdout.write(`\nOpen http://127.0.0.1:${options.uiPort}   (Ctrl-C ends everything)\n`);
  } catch (error) {
    if (!ending) process.stderr.write(`parallax up: ${error instanceof Error ? error.message : String(error)}\n`);
    await end(1);
  }
}
