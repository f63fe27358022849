// `parallax demo up|down|status|burst`: a mini cluster in network namespaces of this machine, with real services.

import { Command, Option } from 'commander';

export function demoCommand(): Command {
  return new Command('demo')
    .description('a mini cluster with real services on this machine (Linux, root)')
    .addCommand(demoUpCommand())
    .addCommand(
      new Command('down').description('remove it, also what a killed one left behind').action(async () => {
        const { demoDown } = await import('#demo/commands.ts');
        process.stdout.write(`${(await demoDown()).text}\n`);
      }),
    )
    .addCommand(
      new Command('status')
        .description('what runs and what it counts; exit code 1 if nothing does')
        .action(async () => {
          const { demoStatus } = await import('#demo/commands.ts');
          const { text, running } = demoStatus();
          process.stdout.write(`${text}\n`);
          if (!running) process.exitCode = 1;
        }),
    )
    .addCommand(burstCommand());
}

function demoUpCommand(): Command {
  return new Command('up')
    .description('bring it up; it stays until `parallax demo down`')
    .addOption(
      new Option('--traffic <mode>', 'steady and bursty clients, or none').choices(['on', 'off']).default('on'),
    )
    .action(async (options: { traffic: 'on' | 'off' }) => {
      const { demoUp } = await import('#demo/commands.ts');
      const up = await demoUp({ traffic: options.traffic, onProgress: (line) => process.stdout.write(`${line}\n`) });
      process.stdout.write(`${up.text}\n`);
    });
}

function burstCommand(): Command {
  return new Command('burst')
    .description('send an exact number of requests from one workload to another')
    .requiredOption('--from <workload>', 'such as shop/web')
    .requiredOption('--to <workload>', 'such as shop/catalog')
    .requiredOption('--requests <number>', 'how many', Number)
    .action(async (options: { from: string; to: string; requests: number }) => {
      const { demoBurst } = await import('#demo/commands.ts');
      process.stdout.write(`${(await demoBurst(options)).text}\n`);
    });
}
