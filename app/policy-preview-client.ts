// Previews of policies at the relay: one call, its replies as they come. Beside relay-client.ts, which has the connection.

import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { PolicyPreviewReply, PolicyPreviewRequest } from '#proto/gen/parallax/v1/policy.ts';
import { client, RelayError, relayFault } from './relay-client.ts';

/** The relay stops reading by itself after 20 s. */
const DEADLINE_MS = 30_000;

/** Fails with a RelayError; ends the call at the relay when left early. */
export async function* previewPolicies(
  request: PolicyPreviewRequest,
  signal: AbortSignal,
): AsyncGenerator<PolicyPreviewReply> {
  const call: ClientReadableStream<PolicyPreviewReply> = client().makeServerStreamRequest(
    '/parallax.v1.PolicyPreviews/Preview',
    (message: PolicyPreviewRequest) => Buffer.from(PolicyPreviewRequest.encode(message).finish()),
    (bytes: Buffer) => PolicyPreviewReply.decode(bytes),
    request,
    { deadline: Date.now() + DEADLINE_MS },
  );
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const reply of call) yield reply as PolicyPreviewReply;
  } catch (error) {
    throw new RelayError(relayFault(error as ServiceError), error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
