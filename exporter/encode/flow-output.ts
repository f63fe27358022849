// The way of a draft into the flow ring: encoded, and taken in without being scanned where both ends have been in the
// ring's dictionaries before.

import type { FlowRing } from '#observer/flow-ring.ts';
import type { FlowDraft } from './flow-draft.ts';
import { FlowEncoder } from './flow-encoder.ts';

export interface FlowOutputOptions {
  readonly ring: FlowRing;
  readonly nodeName: string;
  readonly version: string;
  /** Told of each flow that goes into the ring. The draft is filled anew after. */
  onFlow?(draft: FlowDraft): void;
}

export class FlowOutput {
  readonly #ring: FlowRing;
  readonly #encoder: FlowEncoder;
  readonly #onFlow: ((draft: FlowDraft) => void) | undefined;
  readonly #ids = { source: 0, destination: 0, node: 0 };
  /** How often the ring's dictionary of nodes had rotated when it gave this node's id. */
  #nodeRotations = -1;

  constructor({ ring, nodeName, version, onFlow }: FlowOutputOptions) {
    this.#ring = ring;
    this.#encoder = new FlowEncoder({ nodeName, version });
    this.#onFlow = onFlow;
  }

  append(draft: FlowDraft): void {
    const ring = this.#ring;
    const encoder = this.#encoder;
    const { source, destination } = draft;
    encoder.encode(draft);
    const { bytes, start } = encoder;
    const { rotations } = ring.endpoints;
    const isKnown =
      source.idRotations === rotations &&
      destination.idRotations === rotations &&
      this.#nodeRotations === ring.nodes.rotations;
    if (isKnown) {
      this.#ids.source = source.id;
      this.#ids.destination = destination.id;
      ring.appendKnown(bytes, start, bytes.length, draft.columns, this.#ids);
    } else {
      this.#appendNew(draft, bytes, start, rotations);
    }
    this.#onFlow?.(draft);
  }

  /** The ring scans it, and its dictionaries' ids are taken over. */
  #appendNew({ source, destination }: FlowDraft, bytes: Uint8Array, start: number, rotations: number): void {
    const { columns, endpoints, nodes } = this.#ring;
    const nodeRotations = nodes.rotations;
    const slot = this.#ring.slotOf(this.#ring.append(bytes, start, bytes.length));
    this.#ids.node = columns.nodeId[slot] ?? 0;
    // A dictionary that rotated meanwhile has given one of the ids before that.
    this.#nodeRotations = nodes.rotations === nodeRotations ? nodeRotations : -1;
    if (endpoints.rotations !== rotations) return;
    source.id = columns.sourceId[slot] ?? 0;
    destination.id = columns.destinationId[slot] ?? 0;
    source.idRotations = rotations;
    destination.idRotations = rotations;
  }
}
