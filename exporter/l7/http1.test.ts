import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { http1Body, parseHttp1Head } from './http1.ts';
import { plainHttp1Head } from './testing/plain-http1.ts';
import { listen, portOf, recordTcp } from './testing/recording-proxy.ts';
import { L7Tracker } from './tracker.ts';

/** Names of fields are; what is not is never asked for. */
const isAscii = (name: string) => /^[\x20-\x7e]+$/.test(name);
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

test('a request head yields method, target, version and fields', () => {
  const head = parseHttp1Head(bytes('GET /a?b=c HTTP/1.1\r\nHost: shop\r\nX-Y:  z \r\n\r\n'));
  assert.equal(head?.kind, 'request');
  assert.equal(head?.target, '/a?b=c');
  assert.equal(head?.fields.get('host'), 'shop');
  assert.equal(head?.fields.get('x-y'), 'z');
  assert.equal(head?.bodyOffset, 45);
});

test('a header value that the capture cut is left out, what came before stays', () => {
  const head = parseHttp1Head(bytes('GET / HTTP/1.1\r\nHost: shop\r\nUser-Agent: Moz'));
  assert.equal(head?.fields.get('host'), 'shop');
  assert.equal(head?.fields.get('user-agent'), undefined);
  assert.equal(head?.bodyOffset, undefined);
});

test('a request line cut inside the target is still a request, with the part that was seen', () => {
  const head = parseHttp1Head(bytes('POST /a/very/long'));
  assert.equal(head?.method, 'POST');
  assert.equal(head?.target, '/a/very/long');
  assert.equal(head?.version, '');
});

test('prose, binary data and HTTP/2 are not taken for a head', () => {
  for (const text of [
    'HELLO world\r\n',
    'GET',
    'A B HTTP/1.1 x\r\n',
    '\x16\x03\x01',
    'PRI * HTTP/2.0\r\n\r\n',
    'GET / HTTP/3.0\r\n',
  ]) {
    assert.equal(parseHttp1Head(bytes(text)), undefined, text);
  }
});

test('a head is what regular expressions over its lines find, wherever it is cut and whatever is in it', () => {
  const firstLines = [
    'GET /a?b=c HTTP/1.1',
    'M-SEARCH * HTTP/1.0',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.0 200',
    'HTTP/1.1 600 No',
    'HTTP/1.1 099 No',

    'GET http://a HTTP/1.1',
  ];
  const fields = [
    'Host: shop',
    'host:  other \xa0',
    'Content-Length: 12',
    'TRANSFER-ENCODING:chunked',
    ': x',
    'a b',
    'A:\t',
  ];
  const odd = ['\0', '\x7f', '\xa0', '\xe9', ' ', '\r', '\n', '-', ':', '0', '9', 'H', 'h', 'A'.repeat(20)];
  const line = (lines: string[]) =>
    fc
      .tuple(fc.constantFrom(...lines), fc.option(fc.constantFrom(...odd)), fc.nat(24), fc.nat(1))
      .map(([text, piece, at, gone]) => (piece === null ? text : text.slice(0, at) + piece + text.slice(at + gone)));
  const end = fc.constantFrom('\r\n', '\r\n', '\n');
  const padding = fc.constantFrom(
    ...['', '', '', '', 'x'.repeat(8175), ...[62, 63, 64, 65].map((lines) => 'a: b\r\n'.repeat(lines))],
  );
  const text = fc
    .tuple(line(firstLines), end, padding, fc.array(fc.tuple(line(fields), end), { maxLength: 4 }), end)
    .map(([first, firstEnd, middle, rest, last]) => `${first}${firstEnd}${middle}${rest.flat().join('')}${last}`);
  const cut = fc.oneof(fc.constant(0), fc.nat(40));
  fc.assert(
    fc.property(text, cut, fc.constantFrom(0, 0, 0, 1), (whole, missing, offset) => {
      const data = bytes(whole.slice(0, whole.length - missing));
      const head = parseHttp1Head(data, offset);
      const plain = plainHttp1Head(data, offset);
      assert.deepEqual(head && { ...head, fields: undefined }, plain && { ...plain, fields: undefined });
      const names = [...(plain?.fields.keys() ?? []), 'host', 'content-length', 'transfer-encoding', 'a', 'absent'];
      for (const name of names.filter(isAscii)) assert.equal(head?.fields.get(name), plain?.fields.get(name), name);
    }),
    { numRuns: 2000 },
  );
});

test('a response to HEAD has no body whatever its content-length says', () => {
  const head = parseHttp1Head(bytes('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n'));
  assert.ok(head);
  assert.equal(http1Body(head, 'HEAD'), 0);
  assert.equal(http1Body(head, 'GET'), 900);
});

test('keep-alive requests to a real server are paired with their responses', async () => {
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.statusCode = request.url === '/missing?token=secret' ? 404 : 200;
      response.end('HTTP/1.1 500 this is a body, not a head\r\n\r\n'.repeat(2000));
    });
  });
  await listen(server);
  const proxy = await recordTcp(portOf(server), { hint: 'unknown', captureBytes: 512 });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const path of ['/a', '/missing?token=secret', '/b']) {
    await new Promise<void>((resolve, reject) => {
      const headers = { traceparent, authorization: 'Bearer hidden', cookie: 'hidden=1' };
      const request = http.request({ port: proxy.port, path, agent, method: 'POST', headers }, (response) => {
        response.resume();
        response.on('end', resolve);
      });
      request.on('error', reject);
      request.end('GET /in/the/body HTTP/1.1\r\n\r\n');
    });
  }
  agent.destroy();
  proxy.close();
  server.close();

  const tracker = new L7Tracker();
  const events = proxy.segments.flatMap((segment) => tracker.feed(segment));
  assert.deepEqual(
    events.map((event) => [event.kind, event.requestNumber, event.message.protocol === 'http' && event.message.code]),
    [
      ['request', 1, 0],
      ['response', 1, 200],
      ['request', 2, 0],
      ['response', 2, 404],
      ['request', 3, 0],
      ['response', 3, 200],
    ],
  );
  const missing = events[3]?.message;
  assert.ok(missing?.protocol === 'http');
  assert.equal(missing.url, `http://localhost:${proxy.port}/missing?token=REDACTED`);
  assert.equal(missing.method, 'POST');
  assert.equal(missing.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.ok(events.every((event) => !event.joinedMidway));
  const text = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  assert.ok(!text.includes('secret') && !text.includes('hidden'), text);
});
