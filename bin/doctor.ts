// `parallax doctor`: what works on this machine, what does not, and what mends it.

import { Command } from 'commander';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what works on this machine, what does not, and the mend; exit code 1 if capture cannot work')
    .action(async () => {
      const { checkSupport } = await import('#exporter/kernel/support.ts');
      const { ok, findings } = checkSupport();
      const width = Math.max(...findings.map((finding) => finding.check.length));
      for (const finding of findings) {
        process.stdout.write(`${finding.ok ? 'ok  ' : 'FAIL'} ${finding.check.padEnd(width)}  ${finding.detail}\n`);
        if (!finding.ok) process.stdout.write(`     ${''.padEnd(width)}  mend: ${finding.mend}\n`);
      }
      process.stdout.write(
        ok
          ? '\nThis machine can capture.\n'
          : '\nThis machine cannot capture; `parallax up` plays a recording instead.\n',
      );
      if (!ok) process.exitCode = 1;
    });
}
