// Makes of this machine what the pods need before the first of them starts: cgroups, network, policies, names.
import { mkdirSync, writeFileSync } from 'node:fs';
import { type Certificate, makeCertificate } from './certificate.ts';
import { cgroupRoot, enterSupervisorCgroup, makeCgroups } from './cgroup.ts';
import { compilePod, policyPod, policyPods } from './enforcer/compile.ts';
import type { NetworkPolicy } from './enforcer/network-policy.ts';
import { admitBridge } from './host-firewall.ts';
import { buildNetwork } from './network.ts';
import { type PodPlan, podsOf } from './plan.ts';
import { serviceAddresses } from './programs.ts';
import { compileServiceVips } from './service-vip.ts';
import { runTool } from './tool.ts';

export interface Machine {
  /** Null where cgroup v2 cannot be written. */
  readonly cgroups: string | null;
  readonly certificate: Certificate;
  /** False where the kernel has no nftables for bridges: names then lead to pods. */
  readonly hasClusterIps: boolean;
}

/** Rejects when there can be no network; tells what else this machine does not give. */
export async function prepareMachine(
  plans: readonly PodPlan[],
  policies: readonly NetworkPolicy[],
  directory: string,
  tell: (text: string) => void,
): Promise<Machine> {
  const cgroups = makeCgroups(plans);
  if (cgroups) enterSupervisorCgroup(cgroups, process.pid);
  else tell(`no cgroup a pod: ${cgroupRoot() ?? 'cgroup v2'} cannot be written`);
  const [certificate, hasClusterIps] = await Promise.all([
    makeCertificate(directory),
    teachServiceVips(plans, tell),
    buildNetwork(plans),
  ]);
  for (const chain of await admitBridge())
    tell(`this host filters bridged packets: added a rule for the demo to ${chain}`);
  writeResolvers(plans, hasClusterIps);
  await Promise.all(plans.map((plan) => enforcePolicies(plan, plans, policies)));
  return { cgroups, certificate, hasClusterIps };
}

async function teachServiceVips(plans: readonly PodPlan[], tell: (text: string) => void): Promise<boolean> {
  try {
    await runTool('nft', ['-f', '-'], { input: [compileServiceVips(plans)] });
    return true;
  } catch (error) {
    tell(`services have no clusterIP, names lead to pods: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

async function enforcePolicies(
  plan: PodPlan,
  plans: readonly PodPlan[],
  policies: readonly NetworkPolicy[],
): Promise<void> {
  if (plan.workload.kind === 'External') return;
  const rules = compilePod(policyPod(plan), policies, policyPods(plans));
  if (rules) await runTool('ip', ['netns', 'exec', plan.netns, 'nft', '-f', '-'], { input: [rules] });
}

/** What `ip netns exec` shows as /etc/resolv.conf in each pod: the search list a kubelet writes. */
function writeResolvers(plans: readonly PodPlan[], hasClusterIps: boolean): void {
  const [nameserver] = serviceAddresses(podsOf(plans, 'kube-system/coredns'), 'kube-system/coredns', hasClusterIps);
  for (const { netns, namespace } of plans) {
    const search = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
    mkdirSync(`/etc/netns/${netns}`, { recursive: true });
    writeFileSync(`/etc/netns/${netns}/resolv.conf`, `nameserver ${nameserver}\nsearch ${search}\noptions ndots:5\n`);
  }
}
