// Ends of flows as processes: what an aggregate of the process scope asks in place of the end table. A flow names the
// processes of its own node only, so what one view told of an address and port is kept for the others that see it.

import type { FlowRing } from '#observer/flow-ring.ts';
import { VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';
import type { EndSource, EndTable } from './end-table.ts';
import { type MapEnd, RANK_WORKLOAD } from './map-end.ts';
import { type PartVertex, podOf } from './map-scope.ts';
import { ProcessNameScanner } from './process-names.ts';

/** Addresses with ports whose process is kept, some 200 bytes each: 6 MB. The one told of first is forgotten. */
const maxPorts = 32_768;
/** Processes kept, some 600 bytes each: 10 MB. Beyond it the oldest is made anew when it is seen again. */
const maxEnds = 16_384;
/** A process says more than its workload. */
const RANK_PROCESS = RANK_WORKLOAD + 1;

export class ProcessEnds implements EndSource {
  readonly #ring: FlowRing;
  readonly #base: EndTable;
  readonly #scanner = new ProcessNameScanner();
  /** Command by "place port". */
  readonly #commands = new Map<string, string>();
  readonly #ends = new Map<string, MapEnd>();
  #scanned = { sequence: -1, source: '', destination: '' };
  /** Fractions, so that none is a serial of the end table. */
  #serial = 0.5;

  constructor(ring: FlowRing, base: EndTable) {
    this.#ring = ring;
    this.#base = base;
  }

  endOf(sequence: number, isSource: boolean): MapEnd {
    const base = this.#base.endOf(sequence, isSource);
    const { columns } = this.#ring;
    const slot = this.#ring.slotOf(sequence);
    const port = (isSource ? columns.sourcePort[slot] : columns.destinationPort[slot]) as number;
    const key = `${base.place} ${port}`;
    const told = columns.hasDetails[slot] === 1 ? this.#toldOf(sequence, isSource) : '';
    if (told !== '') remember(this.#commands, key, told, maxPorts);
    const command = told || (this.#commands.get(key) ?? '');
    return command === '' ? base : this.#processOf(base, command);
  }

  nodeNumber(nodeId: number): number {
    return this.#base.nodeNumber(nodeId);
  }

  otherOf(end: MapEnd): MapEnd {
    return this.#base.otherOf(end);
  }

  #toldOf(sequence: number, isSource: boolean): string {
    if (this.#scanned.sequence !== sequence) {
      this.#scanned = { sequence, ...this.#scanner.scan(this.#ring.messageAt(sequence)) };
    }
    return isSource ? this.#scanned.source : this.#scanned.destination;
  }

  #processOf(base: MapEnd, command: string): MapEnd {
    const key = `${base.serial} ${command}`;
    const known = this.#ends.get(key);
    if (known !== undefined) return known;
    this.#serial += 1;
    const made = { ...base, serial: this.#serial, rank: RANK_PROCESS, vertex: processVertex(base, command) };
    remember(this.#ends, key, made, maxEnds);
    return made;
  }
}

/** A process of a host that is its own vertex already, say a unit of several programs, is told apart by its command. */
function processVertex({ vertex, instance }: MapEnd, command: string): PartVertex {
  if (vertex.kind === VertexKind.VERTEX_KIND_HOST_PROCESS && vertex.name === command) return vertex;
  return {
    ...vertex,
    id: `process/${vertex.cluster}/${instance}/${command}`,
    kind: VertexKind.VERTEX_KIND_HOST_PROCESS,
    name: command,
    workloadKind: 'Process',
    workloadId: vertex.id,
    workload: vertex.name,
    pod: podOf(vertex, instance),
  };
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  if (!map.has(key) && map.size >= most) {
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
