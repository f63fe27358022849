import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { L7Tracker } from '../l7/tracker.ts';
import { BootClock } from './clock.ts';
import type { L7Record } from './kernel-record.ts';
import { type LoadedFlow, loadFlow } from './testing/loaded-flow.ts';
import { kernelTestsImpossible, Pods, runIn, serveIn } from './testing/pods.ts';
import { eventually, record } from './testing/recorder.ts';
import { ethernet, http2Frame, ipv4, tcp } from './testing/test-run.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const DATA = 0;
const HEADERS = 1;
const END_HEADERS = 4;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = http2Frame(4, 0, 0, Buffer.alloc(0));

const body = (bytes: number) => http2Frame(DATA, 0, 1, Buffer.alloc(bytes, 0x20));
/** `mark` makes it known again among the others. */
const block = (mark: string, bytes = 20) => http2Frame(HEADERS, END_HEADERS, 1, Buffer.alloc(bytes, mark));

describe('what is copied of a payload', { skip }, () => {
  let loaded: LoadedFlow;
  let port = 1000;
  let sequence = 0;

  before(() => {
    loaded = loadFlow();
  });

  after(() => loaded.close());

  /** A client's connection of its own: what it sends next, and the parts copied of it. */
  function client(): (payload: Buffer) => L7Record[] {
    const source = port++;
    sequence = 0xffffff00;
    return (payload) => {
      const records = loaded.messages(
        ethernet(0x0800, ipv4(6, tcp(16, payload, { source, destination: 80 }, sequence))),
      );
      sequence += payload.length;
      return records;
    };
  }

  const texts = (records: readonly L7Record[]) => records.map((one) => Buffer.from(one.data).toString('latin1'));

  test('header blocks behind the first frame of one payload are copied, and bodies are not', () => {
    const send = client();
    send(Buffer.concat([PREFACE, SETTINGS]));
    const records = send(Buffer.concat([block('a'), body(1000), block('b'), body(1000), block('c')]));
    assert.deepEqual(
      ['a', 'b', 'c'].map((mark) => texts(records).filter((text) => text.includes(mark.repeat(20))).length),
      [1, 1, 1],
    );
    assert.ok(records.every((one) => one.nothingMissed));
    assert.deepEqual(send(body(600)), [], 'a payload that is all body');
    assert.equal(send(Buffer.concat([body(600), block('d')])).length, 1);
  });

  test('a body that ends amid a later payload is stepped over to the next header block', () => {
    const send = client();
    send(Buffer.concat([PREFACE, SETTINGS]));
    const stream = Buffer.concat([body(2000), block('e')]);
    send(stream.subarray(0, 900));
    assert.deepEqual(send(stream.subarray(900, 1900)), []);
    const [found, ...more] = send(stream.subarray(1900));
    assert.deepEqual(more, []);
    assert.equal(found?.data[3], HEADERS);
    assert.equal(found?.nothingMissed, true);
  });

  test('a header block is whole however the payloads cut it, even within its frame head', () => {
    for (let cut = 1; cut < 40; cut++) {
      const send = client();
      send(Buffer.concat([PREFACE, SETTINGS]));
      const stream = Buffer.concat([body(100), block('f', 60)]);
      const at = 109 + cut;
      const parts = [...send(stream.subarray(0, at)), ...send(stream.subarray(at))];
      const text = texts(parts).join('');
      assert.ok(text.includes('f'.repeat(60)), `cut ${cut} bytes into the frame: ${parts.length} parts`);
    }
  });

  test('behind a segment that was not seen, nothing is claimed', () => {
    const send = client();
    send(Buffer.concat([PREFACE, SETTINGS, block('a')]));
    sequence += 1000;
    const [found] = send(block('b'));
    assert.equal(found?.nothingMissed, false);
  });

  test('all requests of a pipelining client are copied, in parts that follow one another', () => {
    const send = client();
    const requests = Buffer.from('GET /item HTTP/1.1\r\nHost: shop\r\n\r\n'.repeat(90));
    const records = send(requests);
    assert.ok(records.length > 1);
    assert.equal(Buffer.concat(records.map((one) => one.data)).toString(), requests.toString());
    records.slice(1).forEach((one, index) => {
      const before = records[index];
      assert.equal(one.sequence, ((before?.sequence ?? 0) + (before?.payloadLength ?? 0)) >>> 0);
    });
  });

  test('a request that goes on in the next segment is copied on', () => {
    const send = client();
    assert.equal(send(Buffer.from('GET /item HTTP/1.1\r\nHost: sh')).length, 1);
    assert.deepEqual(texts(send(Buffer.from('op\r\n\r\n'))), ['op\r\n\r\n']);
    assert.deepEqual(send(Buffer.from('no request, no rest of one')), []);
  });

  test("an upload's body is not copied", () => {
    const send = client();
    assert.equal(send(Buffer.from('POST /item HTTP/1.1\r\nHost: shop\r\n\r\nbody')).length, 1);
    assert.deepEqual(send(Buffer.alloc(1000, 'x')), []);
  });

  test('frames are walked by the hundred', () => {
    const send = client();
    send(Buffer.concat([PREFACE, SETTINGS]));
    const small = Buffer.concat(Array.from({ length: 300 }, () => http2Frame(8, 0, 1, Buffer.alloc(4))));
    assert.ok(small.length < 4000);
    const before = loaded.counters();
    send(small.subarray(0, 3500));
    assert.equal((loaded.counters().l7_cut ?? 0) - (before.l7_cut ?? 0), 0, '269 frames are walked');
  });
});

test('every call of an HTTP/2 client with many streams is seen, though a frame of the network holds many', {
  skip,
}, async () => {
  const CALLS = 300;
  const pods = new Pods(96);
  const client = pods.add();
  const server = pods.add();
  const tracker = new L7Tracker();
  const { capture, records } = await record({ interfaces: pods.veths });
  const service = await serveIn(
    server.namespace,
    `const body = Buffer.alloc(30_000, 'b');
     require('node:http2').createServer({ settings: { maxConcurrentStreams: 1000 } }).on('stream', (s, h) => {
       s.respond({ ':status': Number(h[':path'].slice(1)) % 2 ? 200 : 404, 'x-call': h[':path'] }); s.end(body); })
       .listen(24011, () => console.log('ready'));`,
  );
  try {
    await runIn(
      client.namespace,
      `const c = require('node:http2').connect('http://${server.address}:24011'); let next = 0, left = ${CALLS};
       const call = () => { if (next === ${CALLS}) return; const i = next++;
         const s = c.request({ ':path': '/' + i, 'x-number': String(i) }); s.resume();
         s.on('end', () => { call(); if (--left === 0) c.close(); }); };
       for (let i = 0; i < 100; i++) call();`,
    );
    await eventually('the close', () =>
      records.find((one) => one.type === 'connection' && one.responder.port === 24_011 && one.reason === 'closed'),
    );
    const events = records.flatMap((one) =>
      one.type === 'l7'
        ? tracker.feed({
            connection: one.connectionId,
            fromInitiator: one.fromInitiator,
            timeNs: BigInt(Math.round(one.timeBootNs)),
            sequence: one.sequence,
            payloadLength: one.payloadLength,
            data: one.data,
            hint: one.hint,
            nothingMissed: one.nothingMissed,
            wholeStream: one.wholeStream,
            transport: 'tcp',
          })
        : [],
    );
    const of = (kind: 'request' | 'response') => events.filter((one) => one.kind === kind);
    assert.equal(of('request').length, CALLS);
    assert.equal(of('response').length, CALLS);
    const wrong = of('response').filter(({ message }) => {
      if (message.protocol !== 'http') return true;
      const number = Number(message.url.split('/').pop());
      return message.code !== (number % 2 === 1 ? 200 : 404);
    });
    assert.deepEqual(wrong, []);
    assert.equal(tracker.counters().http2Gaps, 0);
    assert.equal(capture.counters().skipped.l7_cut, 0);
  } finally {
    await service.stop();
    await capture.stop();
    pods.remove();
  }
});

describe('messages of clients that wait for an answer, and then no longer do', { skip }, () => {
  const PORT = 24_012;
  const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: 661\r\n\r\n${'a'.repeat(661)}`;
  const COPIED_OF_ONE = 512;
  const clock = new BootClock();
  const messages = new Map<string, L7Record[]>();
  let beforeNs = 0;
  let afterNs = 0;

  before(async () => {
    const pods = new Pods(99);
    const client = pods.add();
    const server = pods.add();
    const { capture, records } = await record({ interfaces: pods.veths });
    const service = await serveIn(
      server.namespace,
      `require('node:net').createServer((s) => s.on('data', (requests) =>
         s.write(${JSON.stringify(ANSWER)}.repeat(String(requests).split('GET ').length - 1))))
         .listen(${PORT}, () => console.log('ready'));`,
    );
    try {
      beforeNs = clock.nowBootNs();
      // One request, and three at once when it is answered; one client after the other.
      await runIn(
        client.namespace,
        `const request = 'GET /item HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n';
         const start = (left) => { let bytes = 0;
           const s = require('node:net').connect(${PORT}, '${server.address}', () => s.write(request));
           s.on('data', (answer) => { bytes += answer.length;
             if (bytes === ${ANSWER.length}) s.write(request.repeat(3));
             if (bytes === ${4 * ANSWER.length}) { s.end(); if (left > 1) start(left - 1); } }); };
         start(2);`,
      );
      // Two connections, each at two interfaces.
      await eventually('the closes', () => {
        const closed = records.flatMap((one) =>
          one.type === 'connection' && one.responder.port === PORT && one.reason === 'closed'
            ? [`${one.connectionId} ${one.interfaceIndex}`]
            : [],
        );
        return new Set(closed).size === 4;
      });
      afterNs = clock.nowBootNs();
    } finally {
      await service.stop();
      await capture.stop();
      pods.remove();
    }
    for (const one of records) {
      if (one.type === 'l7') messages.set(one.connectionId, [...(messages.get(one.connectionId) ?? []), one]);
    }
  });

  test('are all copied from there on, requests and answers, though another client stopped waiting before', () => {
    assert.equal(messages.size, 2);
    for (const records of messages.values()) {
      // By their sequence numbers: what TCP sends again is not more.
      const copied = new Set(
        records
          .filter((one) => !one.fromInitiator)
          .flatMap(({ sequence, data }) => Array.from(data, (_, index) => (sequence + index) >>> 0)),
      );
      assert.equal(copied.size, COPIED_OF_ONE + 3 * ANSWER.length);
    }
  });

  test('have the time at which they were sent', () => {
    for (const records of messages.values()) {
      const times = records.map((one) => one.timeBootNs);
      assert.ok(times.every((time) => time >= beforeNs && time <= afterNs));
      const [first, ...rest] = times;
      assert.ok(
        rest.every((time) => time > (first ?? Number.NaN)),
        'the first request is before all else',
      );
    }
  });
});
