import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LossReport } from '../loss-report.ts';
import { kernelTestsImpossible, type Pod, Pods, runIn } from './testing/pods.ts';
import { record } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const RING_BYTES = 4096;
const TABLE_CONNECTIONS = 16;
const PORTS = 400;

describe('what is lost', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;

  before(() => {
    pods = new Pods(89);
    client = pods.add();
    server = pods.add();
  });

  after(() => pods.remove());

  /** Queries, refused connections and datagrams to nobody, as many at once as one process can. */
  const burst = () =>
    runIn(
      client.namespace,
      `const u = require('node:dgram').createSocket('udp4'); u.on('error', () => {});
       const net = require('node:net'); let left = ${PORTS};
       const query = Buffer.from('000101000001000000000000016101620000010001', 'hex');
       for (let i = 0; i < ${PORTS}; i++) {
         u.send('x', 30000 + i, '${server.address}'); u.send(query, 53, '${server.address}');
         net.connect(32000 + i, '${server.address}').on('error', () => { if (--left === 0) u.close(); });
       }`,
    );

  test('a ring far too small: records of every kind are counted as lost, and the stream says how many', async () => {
    // Room for 25 connection records.
    const { capture, records } = await record({ interfaces: pods.veths, ringBytes: RING_BYTES });
    try {
      await burst();
      const { lost } = capture.counters();
      const kinds = ['connection', 'l7', 'drop', 'socket'];
      assert.deepEqual(
        kinds.filter((kind) => (lost[kind] ?? 0) === 0),
        [],
      );
      const told = new LossReport('node').since(lost, 1n);
      assert.ok(told?.responseTypes?.$case === 'lostEvents');
      assert.equal(
        Number(told.responseTypes.value.numEventsLost),
        Object.values(lost).reduce((sum, count) => sum + count),
      );
    } finally {
      await capture.stop();
    }
    // One message a query, no answers: each was either handed on or counted.
    const messages = records.filter((one) => one.type === 'l7').length;
    assert.equal(messages + (capture.counters().lost.l7 ?? 0), PORTS);
  });

  test('a table far too small: packets of connections that found no room are counted', async () => {
    const { capture } = await record({ interfaces: pods.veths, maxConnections: TABLE_CONNECTIONS });
    try {
      await burst();
      assert.ok((capture.counters().lost.table_full ?? 0) > PORTS);
    } finally {
      await capture.stop();
    }
  });
});
