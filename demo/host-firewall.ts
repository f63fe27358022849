// Machines with Docker or a firewall often let bridged packets pass the host's FORWARD chain and drop what they do not
// know. Where that is so the demo adds one rule that accepts packets within its own bridge, and removes it again.
import { existsSync, readFileSync } from 'node:fs';
import { bridgeName } from './plan.ts';
import { runTool } from './tool.ts';

export const ruleComment = 'parallax_demo';

/** The chains of iptables-nft, which Docker, ufw and firewalld's direct rules fill. */
const families = [
  { family: 'ip', switchFile: '/proc/sys/net/bridge/bridge-nf-call-iptables' },
  { family: 'ip6', switchFile: '/proc/sys/net/bridge/bridge-nf-call-ip6tables' },
] as const;

/** Adds the rule to each chain that would drop the demo's packets; returns those chains' names. */
export async function admitBridge(): Promise<string[]> {
  const admitted: string[] = [];
  for (const { family, switchFile } of families) {
    if (!existsSync(switchFile) || readFileSync(switchFile, 'utf8').trim() !== '1') continue;
    const chain = await forwardChain(family);
    if (chain === null || !canDrop(chain)) continue;
    const rule = ['iifname', bridgeName, 'oifname', bridgeName, 'counter', 'accept', 'comment', `"${ruleComment}"`];
    await runTool('nft', ['insert', 'rule', family, 'filter', 'FORWARD', ...rule]);
    admitted.push(`${family} filter FORWARD`);
  }
  return admitted;
}

/** Removes what admitBridge added, however often. */
export async function forgetBridge(): Promise<void> {
  for (const { family } of families) {
    for (const handle of ruleHandles((await forwardChain(family)) ?? '')) {
      await runTool('nft', ['delete', 'rule', family, 'filter', 'FORWARD', 'handle', handle]);
    }
  }
}

/** True when a listed chain drops or rejects anything, by its policy or a rule, or jumps to chains that may. */
export function canDrop(chain: string): boolean {
  return /policy drop|\b(drop|reject|jump|goto)\b/.test(chain);
}

/** Handles of the demo's own rules in a chain listed with `nft -a`. */
export function ruleHandles(chain: string): string[] {
  const ours = chain.split('\n').filter((line) => line.includes(`comment "${ruleComment}"`));
  return ours.flatMap((line) => line.match(/# handle (\d+)$/)?.[1] ?? []);
}

/** The chain as `nft -a` lists it, or null where there is none. */
async function forwardChain(family: 'ip' | 'ip6'): Promise<string | null> {
  const chains = await runTool('nft', ['list', 'chains', family]);
  if (!/table ip6? filter \{[^}]*\bchain FORWARD \{/.test(chains)) return null;
  return runTool('nft', ['-a', 'list', 'chain', family, 'filter', 'FORWARD']);
}
