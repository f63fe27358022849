// A client that follows an exporter's flows and throws them away, as raw frames: the other end of event-cost.ts.

import { connect } from 'node:http2';
import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';

const session = connect(`http://127.0.0.1:${process.argv[2]}`);
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
call.on('response', () => process.stdout.write('ready\n'));
call.resume();
