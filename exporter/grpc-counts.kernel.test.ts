import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelTestsImpossible, Pods } from './kernel/testing/pods.ts';
import { eventually } from './kernel/testing/recorder.ts';
import { callGrpc, startGrpc } from './kernel/testing/servers.ts';
import type { L7Event } from './l7/l7-event.ts';
import { type Counts, sorted, Told } from './testing/told-messages.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const PORT = 21_106;

const method = ({ message }: L7Event) =>
  message.protocol === 'http' ? message.url.replace(/^http:\/\/[^/]+/, '') : '';
const outcome = (event: L7Event) => {
  const { message } = event;
  return message.protocol === 'http' ? `${method(event)} ${message.grpc?.status}` : '';
};

test('calls of a gRPC client in every way gRPC has: what packets tell equals what the server answered', {
  skip,
}, async () => {
  const pods = new Pods(93);
  const client = pods.add();
  const server = pods.add();
  const told = new Told();
  await told.start(pods.veths);
  const grpc = await startGrpc(server, PORT);
  try {
    await callGrpc(client, server.address, PORT);
    grpc.signal('SIGUSR1');
    const counts = await eventually('the counts', () => {
      const line = /counts (.*)\n/.exec(grpc.output())?.[1];
      return line === undefined ? undefined : (JSON.parse(line) as Counts);
    });
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    assert.equal(all, 900);
    await told.answers(PORT, all);
    assert.deepEqual(told.words(PORT, 'response', outcome), sorted(counts));
    const asked: Record<string, number> = {};
    for (const [key, count] of Object.entries(counts)) {
      const name = key.split(' ')[0] ?? '';
      asked[name] = (asked[name] ?? 0) + count;
    }
    assert.deepEqual(told.words(PORT, 'request', method), sorted(asked));
    const { http2Gaps, http2UnknownFields, unpairedResponses } = told.tracker.counters();
    assert.deepEqual(
      { http2Gaps, http2UnknownFields, unpairedResponses },
      { http2Gaps: 0, http2UnknownFields: 0, unpairedResponses: 0 },
    );
  } finally {
    await grpc.stop();
    await told.capture?.stop();
    pods.remove();
  }
});
