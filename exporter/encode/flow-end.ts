// One end of flows as bytes: what every flow says of it in the same words, encoded once, with the id that the flow ring's
// dictionary gave it.

import { Service } from '#proto/gen/flow/flow.ts';

export class FlowEnd {
  readonly address: string;
  /** Encoded Endpoint; undefined where nobody knows the end. */
  readonly endpoint: Uint8Array | undefined;
  /** Encoded Service. */
  readonly service: Uint8Array | undefined;
  /** Names by which the other end knows this one. */
  readonly names: readonly string[];
  /** In the ring's dictionary, after so many of its rotations; it may be another one after the next. */
  id = 0;
  idRotations = -1;

  constructor(
    address: string,
    endpoint: Uint8Array | undefined,
    service: Service | undefined,
    names: readonly string[],
  ) {
    this.address = address;
    this.endpoint = endpoint;
    this.service = service === undefined ? undefined : Service.encode(service).finish();
    this.names = names;
  }
}
