// `parallax doctor`: what works on this machine and with the API server, what does not, and what mends it.

import { Command, Option } from 'commander';
import { type KubernetesOptions, kubernetesOf } from './kubernetes-option.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly mend: string;
}

interface DoctorOptions extends KubernetesOptions {
  readonly for: 'relay' | 'exporter';
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what works on this machine, what does not, and the mend; exit code 1 if capture cannot work')
    .option('--kubernetes [where]', 'check the way to the Kubernetes API and the rights there instead')
    .option('--kubernetes-context <name>', 'context of the kubeconfig (default: its current one)')
    .addOption(
      new Option('--for <service>', 'whose rights, with --kubernetes').choices(['relay', 'exporter']).default('relay'),
    )
    .action(async (options: DoctorOptions) => {
      const access = await kubernetesOf(options);
      if (access === undefined) await checkMachine();
      else {
        const { ApiClient } = await import('#kubernetes/api-client.ts');
        const { checkAccess } = await import('#kubernetes/check-access.ts');
        const names =
          options.for === 'exporter'
            ? (await import('#exporter/exporter.ts')).kubernetesResources
            : (await import('#relay/relay.ts')).kubernetesResources;
        const client = new ApiClient(access, { component: 'doctor', silenceMs: 10_000 });
        const findings = await checkAccess(client, names, AbortSignal.timeout(30_000));
        client.close();
        tell(
          findings,
          `The ${options.for} has all it asks of Kubernetes.`,
          `The ${options.for} lacks what is said above.`,
        );
      }
    });
}

async function checkMachine(): Promise<void> {
  const { checkSupport } = await import('#exporter/kernel/support.ts');
  const { findings, ok } = checkSupport();
  tell(
    findings,
    'This machine can capture.',
    'This machine cannot capture; `parallax up` plays a recording instead.',
    ok,
  );
}

function tell(
  findings: readonly Finding[],
  good: string,
  bad: string,
  ok = findings.every((finding) => finding.ok),
): void {
  const width = Math.max(...findings.map((finding) => finding.check.length));
  for (const finding of findings) {
    process.stdout.write(`${finding.ok ? 'ok  ' : 'FAIL'} ${finding.check.padEnd(width)}  ${finding.detail}\n`);
    if (!finding.ok) process.stdout.write(`     ${''.padEnd(width)}  mend: ${finding.mend}\n`);
  }
  process.stdout.write(`\n${ok ? good : bad}\n`);
  if (!ok) process.exitCode = 1;
}
