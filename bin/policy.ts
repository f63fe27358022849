// `parallax policy`: its subcommands; and explain: which policy lets a flow through or stops it, and why. Offline: each line of
// standard input carries policies, cluster and flow.

import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { answerCase } from '#policy/policy-case.ts';
import { writeOut } from './output.ts';
import { previewCommand } from './policy-preview.ts';

export function policyCommand(): Command {
  return new Command('policy')
    .description('evaluate network policies')
    .addCommand(previewCommand())
    .addCommand(
      new Command('explain')
        .description(
          'answer cases from standard input (JSON lines: policies, namespaces, endpoints, flow), one JSON line each',
        )
        .option('--words', 'answer in words instead of JSON')
        .action(explain),
    );
}

async function explain(options: { words?: boolean }): Promise<void> {
  let failed = 0;
  let line = 0;
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    try {
      const answer = answerCase(JSON.parse(text));
      if (options.words === true)
        await writeOut(`${answer.id} ${answer.verdict}\n${answer.why.map((why) => `  ${why}\n`).join('')}`);
      else await writeOut(`${JSON.stringify(answer)}\n`);
    } catch (error) {
      failed += 1;
      process.stderr.write(`line ${line}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (failed > 0) process.exitCode = 1;
}
