// What policies decided, for Prometheus. One series a decision or agreement and none a policy, so that their number is fixed.

import { Counter, Gauge, type Registry } from 'prom-client';
import { PolicyExplanation_Agreement as Agreement } from '#proto/gen/parallax/v1/flow_details.ts';
import type { PoliciesInForce } from './policies-in-force.ts';

const agreements: Readonly<Record<number, string>> = {
  [Agreement.UNKNOWN]: 'unknown',
  [Agreement.AGREES]: 'agrees',
  [Agreement.NOT_ENFORCED]: 'not_enforced',
  [Agreement.UNEXPLAINED_DROP]: 'unexplained_drop',
  [Agreement.DISAGREES]: 'disagrees',
  [Agreement.UNCERTAIN]: 'uncertain',
};

export function registerPolicyMetrics(registry: Registry, policies: PoliciesInForce): void {
  const registers = [registry];
  new Counter({
    name: 'parallax_relay_policy_decisions_total',
    help: 'Directions of flows that policies decided, by outcome; open where no policy selects the pod',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      const { allowed, denied, notEnforced, open } = policies.tally.totals;
      for (const [outcome, count] of Object.entries({ allowed, denied, not_enforced: notEnforced, open }))
        this.inc({ outcome }, count);
    },
  });
  new Counter({
    name: 'parallax_relay_policy_flows_total',
    help: 'Flows explained by policy, by how that agrees with what was observed',
    labelNames: ['agreement'],
    registers,
    collect() {
      this.reset();
      for (const [number, agreement] of Object.entries(agreements))
        this.inc({ agreement }, policies.counters.byAgreement[Number(number)] ?? 0);
    },
  });
  new Counter({
    name: 'parallax_relay_policy_errors_total',
    help: 'Flows that could not be read for their policies',
    registers,
    collect() {
      this.reset();
      this.inc(policies.counters.failed);
    },
  });
  new Gauge({
    name: 'parallax_relay_policies',
    help: 'Policies told by their source, in force or refused',
    registers,
    collect() {
      this.set(policies.policies.length);
    },
  });
}
