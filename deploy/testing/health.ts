// grpc.health.v1 as a kubelet asks it.

import { Client, credentials } from '@grpc/grpc-js';

/** @returns what a server on `address` answers: SERVING, NOT_SERVING, or the error's words */
export async function healthOf(address: string, service: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const asBytes = (bytes: Buffer) => bytes;
  // Field 1 of the request is the service's name, field 1 of the answer the status.
  const request = Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)]);
  try {
    return await new Promise<string>((resolve) => {
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', asBytes, asBytes, request, (error, answer) => {
        if (error) resolve(error.message);
        else resolve(answer?.[1] === 1 ? 'SERVING' : 'NOT_SERVING');
      });
    });
  } finally {
    client.close();
  }
}
