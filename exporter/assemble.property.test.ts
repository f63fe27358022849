import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import { parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { EndNames, type HostProcesses } from './end-names.ts';
import { DnsNames } from './endpoints/dns-names.ts';
import { composeLookups, type EndpointLookup } from './endpoints/endpoint-lookup.ts';
import { reservedAddresses } from './endpoints/reserved-addresses.ts';
import type { KernelRecord } from './kernel/kernel-record.ts';
import type { L7Event, L7Segment } from './l7/l7-event.ts';
import { ServiceTranslations } from './service-translations.ts';
import { SocketTable } from './socket-table.ts';
import { PlainAssembler } from './testing/plain-assembler.ts';
import { BOOTED_SECONDS, ReadAssembler } from './testing/read-assembler.ts';
import { connectionRecord, dropRecord, l7Record, type Said, said, socketRecord } from './testing/record-arbitrary.ts';

const BOOTED_NS = BigInt(BOOTED_SECONDS) * 1_000_000_000n;
/** After an end has gone its address has its name for two seconds more, as clocks differ, and what was looked up then is kept for one. */
const SETTLED_NS = 4e9;
const HOST = '192.0.2.1';
const CONTAINER_ID = 'c'.repeat(64);

const object = (object: object) => {
  const parsed = parseKubernetesObject(object);
  assert.ok(parsed);
  return parsed;
};
const pod = (name: string, address: string, app: string) =>
  object({
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `${name}-${app}`, labels: { app } },
    status: { phase: 'Running', podIP: address },
  });
const objects = [
  pod('web', '10.0.0.1', 'web'),
  pod('web', '10.0.0.1', 'web-2'),
  pod('cart', '10.0.0.2', 'cart'),
  pod('other', '10.0.0.2', 'other'),
  object({
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.1', selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 8080 }] },
  }),
];

/** What the machine says of itself; nothing of it changes. */
const hostEndpoints: EndpointLookup & HostProcesses = {
  byAddress: (address) => (address === HOST ? reservedEndpoint('host') : undefined),
  byCgroup: (cgroupId) =>
    cgroupId === 7n ? { ...reservedEndpoint('unmanaged'), workloads: [{ name: 'box', kind: 'Container' }] } : undefined,
  byProcess: (pid) => ({ ...reservedEndpoint('host'), workloads: [{ name: `process ${pid}`, kind: 'Process' }] }),
  byListener: (_address, port) =>
    port === 8080 ? { ...reservedEndpoint('host'), workloads: [{ name: 'server', kind: 'Unit' }] } : undefined,
  process: (pid) =>
    pid === 32 ? undefined : { command: 'own', executable: `/bin/${pid}`, cgroupPath: '/a.service', arguments: [] },
  cgroup: (cgroupId) => (cgroupId === 7n ? { containerId: CONTAINER_ID, podUid: '', unit: '' } : undefined),
  listenerPid: (_address, port) => (port === 53 ? 53 : undefined),
};

/** Says what the test decided on, whatever the bytes. */
class ScriptedTracker {
  readonly #script: readonly Said[];

  constructor(script: readonly Said[]) {
    this.#script = script;
  }

  feed({ connection, fromInitiator, timeNs, data }: L7Segment): L7Event[] {
    const number = data[0] ?? 0;
    const event = this.#script[number % this.#script.length];
    return event === undefined ? [] : [{ connection, fromInitiator, timeNs, ...event } as L7Event];
  }

  close = () => [];
  sweep = () => [];
}

function assemblers(index: PodIndex, script: readonly Said[], clock: { nowNs: number }) {
  const parts = () => {
    const sockets = new SocketTable();
    return {
      sockets,
      names: new EndNames(composeLookups(index, hostEndpoints, reservedAddresses()), sockets, hostEndpoints),
      tracker: new ScriptedTracker(script),
      dnsNames: new DnsNames(),
      translations: new ServiceTranslations(new ServiceDirectory(index, () => clock.nowNs / 1e6)),
      interfaceName: (number: number) => (number === 7 ? 'veth7' : undefined),
    };
  };
  const plain = new PlainAssembler({
    nodeName: 'node-1',
    version: '0.0.0',
    toUnixNs: (bootNs) => BOOTED_NS + BigInt(bootNs),
    ...parts(),
  });
  const fast = new ReadAssembler({
    namesVersion: () => index.version,
    nowUnixMs: () => BOOTED_SECONDS * 1000 + clock.nowNs / 1e6,
    ...parts(),
  });
  return { plain, fast };
}

/** An object comes, or goes, or another is at its place. */
const change = fc.record({ object: fc.nat(objects.length - 1), isThere: fc.boolean() });
const record = fc.oneof(
  { weight: 4, arbitrary: connectionRecord },
  { weight: 4, arbitrary: l7Record },
  { weight: 1, arbitrary: dropRecord },
  { weight: 2, arbitrary: socketRecord },
);
const step = fc.record({
  records: fc.array(fc.record({ record, laterNs: fc.constantFrom(0, 1, 999_999, 50_000_000) }), { maxLength: 20 }),
  pauseNs: fc.constantFrom(0, 20_000_000, 600_000_000, 1_500_000_000),
  change: fc.option(change, { nil: undefined }),
});

test('flows are, byte for byte, what looking up every name and encoding every flow as an object would give', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.array(said, { minLength: 1, maxLength: 8 }), (steps, script) => {
      const index = new PodIndex();
      const clock = { nowNs: 1e12 };
      for (const object of objects) index.upsert(object, BOOTED_SECONDS * 1000);
      const nowMs = () => BOOTED_SECONDS * 1000 + clock.nowNs / 1e6;
      const { plain, fast } = assemblers(index, script, clock);
      for (const { records, pauseNs, change } of steps) {
        const batch: KernelRecord[] = records.map(({ record, laterNs }) => {
          clock.nowNs += laterNs;
          return record(clock.nowNs);
        });
        // Records wait in the kernel's ring: what changes meanwhile changes nothing for them.
        clock.nowNs += pauseNs;
        const changed = change && objects[change.object];
        if (changed !== undefined && change?.isThere === true) index.upsert(changed, nowMs());
        else if (changed !== undefined) index.remove(changed, nowMs());
        const from = fast.ring.next;
        fast.assembleBatch(batch);
        const expected = plain.assembleBatch(batch);
        assert.equal(fast.ring.next - from, expected.length);
        for (const [position, response] of expected.entries()) compare(fast.ring.messageAt(from + position), response);
        if (changed !== undefined) clock.nowNs += SETTLED_NS;
      }
    }),
    { numRuns: 100 },
  );
});

function compare(message: Uint8Array, expected: GetFlowsResponse): void {
  const made = GetFlowsResponse.decode(message);
  assert.ok(made.responseTypes?.$case === 'flow' && expected.responseTypes?.$case === 'flow');
  assert.match(made.responseTypes.value.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expected.responseTypes.value.uuid = made.responseTypes.value.uuid;
  const bytes = GetFlowsResponse.encode(expected).finish();
  if (Buffer.compare(bytes, message) === 0) return;
  assert.deepEqual(made, GetFlowsResponse.decode(bytes));
  assert.deepEqual(Buffer.from(message), Buffer.from(bytes));
}
