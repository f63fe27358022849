// grpc.health.v1.Health/Check, asked by hand: one string goes out, one number comes back.

import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { PeerClient } from './peer-client.ts';

/** Names of HealthCheckResponse.ServingStatus. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
export type ServingStatus = (typeof statuses)[number];

interface Check {
  service: string;
}

interface Answer {
  status: number;
}

const request = {
  encode: ({ service }: Check) => new BinaryWriter().uint32((1 << 3) | 2).string(service),
  decode: (): Check => ({ service: '' }),
};

const response = {
  encode: ({ status }: Answer) => new BinaryWriter().uint32(1 << 3).int32(status),
  decode: (input: BinaryReader | Uint8Array): Answer => {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    let status = 0;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === 0) status = reader.int32();
      else reader.skip(type);
    }
    return { status };
  },
};

/** @throws GrpcError when the server does not answer, or knows no such service */
export async function checkHealth(client: PeerClient, service: string): Promise<ServingStatus> {
  const method = {
    name: 'Check',
    requestType: request,
    requestStream: false,
    responseType: response,
    responseStream: false,
  };
  const { status } = await client.unary<Check, Answer>('grpc.health.v1.Health', method, { service });
  return statuses[status] ?? 'UNKNOWN';
}
