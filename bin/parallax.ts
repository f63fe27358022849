// The `parallax` command line: one file a subcommand, each loading its rooms only when it runs.

import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { completionCommand } from './completion.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { exporterCommand } from './exporter.ts';
import { listCommand } from './list.ts';
import { observeCommand } from './observe.ts';
import { policyCommand } from './policy.ts';
import { portForwardCommand } from './port-forward.ts';
import { recordCommand } from './record.ts';
import { relayCommand } from './relay.ts';
import { statusCommand } from './status.ts';
import { uiCommand } from './ui.ts';
import { openCommand, upCommand } from './up.ts';
import { watchCommand } from './watch.ts';

const parallax = new Command('parallax')
  .description('What talks to what, live, from the kernel up.')
  .version(packageJson.version)
  .showHelpAfterError('(parallax --help lists the commands; parallax COMMAND --help their options)')
  .addCommand(upCommand())
  .addCommand(demoCommand())
  .addCommand(observeCommand())
  .addCommand(statusCommand())
  .addCommand(listCommand())
  .addCommand(exporterCommand())
  .addCommand(relayCommand())
  .addCommand(uiCommand())
  .addCommand(policyCommand())
  .addCommand(watchCommand())
  .addCommand(recordCommand())
  .addCommand(openCommand())
  .addCommand(doctorCommand())
  .addCommand(portForwardCommand());
parallax.addCommand(completionCommand(parallax));

try {
  await parallax.parseAsync();
} catch (error) {
  process.stderr.write(`parallax: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
