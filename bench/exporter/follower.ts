// A client that follows an exporter's flows and throws them away: the other end of event-cost.ts.

import { followFlows } from './follow-flows.ts';

const { call } = followFlows(Number(process.argv[2]));
call.on('response', () => process.stdout.write('ready\n'));
call.resume();
