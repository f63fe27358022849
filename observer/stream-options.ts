// parallax.v1.StreamOptions in GetFlowsRequest.extensions: what our own observers ask of each other.

import { Any } from '#proto/gen/google/protobuf/any.ts';
import { StreamOptions } from '#proto/gen/parallax/v1/stream.ts';

export const STREAM_OPTIONS_TYPE_URL = 'type.googleapis.com/parallax.v1.StreamOptions';

/** @returns undefined if the extension is absent, another's, or malformed: extensions never fail a request */
export function readStreamOptions(extensions: Any | undefined): StreamOptions | undefined {
  if (extensions?.typeUrl !== STREAM_OPTIONS_TYPE_URL) return undefined;
  try {
    return StreamOptions.decode(extensions.value);
  } catch {
    return undefined;
  }
}

export function packStreamOptions(options: { heartbeatIntervalMs: number }): Any {
  const value = StreamOptions.encode(StreamOptions.fromPartial(options)).finish();
  return Any.fromPartial({ typeUrl: STREAM_OPTIONS_TYPE_URL, value });
}
