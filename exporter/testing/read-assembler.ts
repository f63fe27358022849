// An assembler whose flows can be looked at: what it put into its flow ring is read back and decoded. Each time, what the
// ring and the metrics were told of the message is held against what is in the bytes.

import assert from 'node:assert/strict';
import { FlowRing } from '#observer/flow-ring.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowAssembler } from '../assemble.ts';
import type { AssemblerParts } from '../assembler-parts.ts';
import { type CountedFlow, countDraft, countedFlow, emptyCountedFlow } from '../counted-flow.ts';
import { FlowOutput } from '../encode/flow-output.ts';
import { DnsNames } from '../endpoints/dns-names.ts';
import type { KernelRecord } from '../kernel/kernel-record.ts';
import { L7Tracker } from '../l7/tracker.ts';

const RING = { capacityBytes: 1 << 20, endpointIds: 1024, endpointKeyBytes: 1 << 20, nodeIds: 16 };

/** Boot time 0 is this, in tests. */
export const BOOTED_SECONDS = 1_700_000_000;

export type ReadAssemblerParts = Partial<AssemblerParts> & Pick<AssemblerParts, 'names' | 'sockets' | 'translations'>;

export class ReadAssembler {
  readonly ring = new FlowRing(RING);
  readonly #scanned = new FlowRing(RING);
  readonly #assembler: FlowAssembler;
  readonly #counted: CountedFlow[] = [];

  /** Of node "node-1"; the parts that are not given are empty. */
  constructor(parts: ReadAssemblerParts) {
    this.#assembler = new FlowAssembler({
      output: new FlowOutput({
        ring: this.ring,
        nodeName: 'node-1',
        version: '0.0.0',
        onFlow: (draft) => {
          const counted = emptyCountedFlow();
          countDraft(draft, counted);
          this.#counted.push(counted);
        },
      }),
      tracker: new L7Tracker(),
      dnsNames: new DnsNames(),
      namesVersion: () => 0,
      nowUnixMs: () => BOOTED_SECONDS * 1000,
      toUnixTime: (bootNs, time) => {
        time.seconds = BOOTED_SECONDS + Math.floor(bootNs / 1e9);
        time.nanos = bootNs % 1e9;
      },
      interfaceName: () => undefined,
      ...parts,
    });
  }

  assemble(record: KernelRecord): GetFlowsResponse[] {
    return this.assembleBatch([record]);
  }

  assembleBatch(batch: readonly KernelRecord[]): GetFlowsResponse[] {
    return this.#read(() => this.#assembler.assembleBatch(batch));
  }

  sweep(bootNs: number): GetFlowsResponse[] {
    return this.#read(() => this.#assembler.sweep(bootNs));
  }

  /** Messages as they lie in the ring. */
  *messages(from = this.ring.oldest): Generator<Uint8Array> {
    for (let sequence = from; sequence < this.ring.next; sequence++) yield this.ring.messageAt(sequence);
  }

  #read(fill: () => void): GetFlowsResponse[] {
    const from = this.ring.next;
    fill();
    return [...this.messages(from)].map((message, index) => {
      this.#compareColumns(from + index, message);
      const response = GetFlowsResponse.decode(message);
      compareCounted(this.#counted.shift(), response);
      return response;
    });
  }

  #compareColumns(sequence: number, message: Uint8Array): void {
    const slot = this.ring.slotOf(sequence);
    const scannedSlot = this.#scanned.slotOf(this.#scanned.append(message));
    const { columns, endpoints, nodes } = this.ring;
    for (const [name, column] of Object.entries(columns)) {
      if (name === 'offset' || typeof column !== 'object') continue;
      const expected: unknown = Reflect.get(this.#scanned.columns, name)[scannedSlot];
      if (name === 'nodeId')
        assert.deepEqual(nodes.describe(column[slot]), this.#scanned.nodes.describe(Number(expected)));
      else if (name === 'sourceId' || name === 'destinationId') {
        assert.deepEqual(endpoints.describe(column[slot]), this.#scanned.endpoints.describe(Number(expected)), name);
      } else assert.equal(column[slot], expected, name);
    }
  }
}

/** The L7 message itself goes to both as it is. */
function compareCounted(counted: CountedFlow | undefined, { responseTypes }: GetFlowsResponse): void {
  assert.ok(counted !== undefined && responseTypes?.$case === 'flow');
  const figures = (flow: CountedFlow) => ({ ...flow, http: flow.http !== undefined, dns: flow.dns !== undefined });
  assert.deepEqual(figures(counted), figures(countedFlow(responseTypes.value)));
}
