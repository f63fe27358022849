// `parallax policy`: its subcommands.

import { Command } from 'commander';
import { explainCommand } from './policy-explain.ts';
import { previewCommand } from './policy-preview.ts';

export function policyCommand(): Command {
  return new Command('policy')
    .description('evaluate network policies')
    .addCommand(previewCommand())
    .addCommand(explainCommand());
}
