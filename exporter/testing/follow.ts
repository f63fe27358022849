// Flows of a running exporter, as a client gets them.

import { Client, credentials } from '@grpc/grpc-js';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';

export interface Following {
  /** All so far, in order. */
  readonly flows: readonly Flow[];
  close(): void;
}

export function follow(address: string): Following {
  const client = new Client(address, credentials.createInsecure());
  const flows: Flow[] = [];
  const stream = client.makeServerStreamRequest(
    '/observer.Observer/GetFlows',
    (request: GetFlowsRequest) => Buffer.from(GetFlowsRequest.encode(request).finish()),
    (bytes) => GetFlowsResponse.decode(bytes),
    GetFlowsRequest.create({ follow: true, number: 1000n }),
  );
  stream.on('data', ({ responseTypes }: GetFlowsResponse) => {
    if (responseTypes?.$case === 'flow') flows.push(responseTypes.value);
  });
  stream.on('error', () => {}); // Ended by the exporter's stop, or by close().
  return {
    flows,
    close() {
      stream.cancel();
      client.close();
    },
  };
}
