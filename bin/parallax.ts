// The `parallax` command line: one file a subcommand, loaded only when it is asked for.

import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { completionCommand } from './completion.ts';

/** In the order of --help. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./up.ts')).upCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  observe: async () => (await import('./observe.ts')).observeCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  list: async () => (await import('./list.ts')).listCommand(),
  exporter: async () => (await import('./exporter.ts')).exporterCommand(),
  relay: async () => (await import('./relay.ts')).relayCommand(),
  ui: async () => (await import('./ui.ts')).uiCommand(),
  policy: async () => (await import('./policy.ts')).policyCommand(),
  watch: async () => (await import('./watch.ts')).watchCommand(),
  record: async () => (await import('./record.ts')).recordCommand(),
  open: async () => (await import('./up.ts')).openCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  'port-forward': async () => (await import('./port-forward.ts')).portForwardCommand(),
};

const parallax = new Command('parallax')
  .description('What talks to what, live, from the kernel up.')
  .version(packageJson.version)
  .showHelpAfterError('(parallax --help lists the commands; parallax COMMAND --help their options)');
const [, , asked = ''] = process.argv;
// All the files together take longer to load than an exporter may take to its first flow.
for (const name of Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands)) {
  const command = await commands[name]?.();
  if (command !== undefined) parallax.addCommand(command);
}
parallax.addCommand(completionCommand(parallax));

try {
  await parallax.parseAsync();
} catch (error) {
  process.stderr.write(`parallax: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
