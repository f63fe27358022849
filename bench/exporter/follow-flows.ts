// GetFlows with follow, as raw frames.

import { connect } from 'node:http2';
import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';

export function followFlows(port: number) {
  const session = connect(`http://127.0.0.1:${port}`);
  const call = session.request({
    ':method': 'POST',
    ':path': '/observer.Observer/GetFlows',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const message = GetFlowsRequest.encode(GetFlowsRequest.create({ follow: true })).finish();
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  // The server answers when it has the whole request.
  call.end(frame);
  return { session, call };
}
