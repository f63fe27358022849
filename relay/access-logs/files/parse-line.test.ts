import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endText, entryEnds } from '../entry-ends.ts';
import { entryOfFields } from './line-fields.ts';
import { parseLine } from './parse-line.ts';

const envoy =
  '[2026-04-15T20:17:00.310Z] "POST /api/v1/locations?x=1 HTTP/2" 503 UF,URX 154 0 226 100 "10.0.35.28" "curl \\"8\\"" "cc21d9b0" "locations" "tcp://10.0.2.1:80"';
const istio =
  '[2026-04-15T20:17:00.310Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 3 "-" "curl/7.73.0" "84961386" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.6:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.httpbin.foo.svc.cluster.local default';
const gateway = JSON.stringify({
  start_time: '2026-04-15T20:17:00.310Z',
  method: 'GET',
  'x-envoy-origin-path': '/a',
  protocol: 'HTTP/1.1',
  response_code: 200,
  response_flags: 'XCUSTOM',
  bytes_received: 0,
  bytes_sent: 12,
  duration: 7,
  'x-envoy-upstream-service-time': '5',
  ':authority': 'shop.example',
  upstream_host: '10.0.2.1:80',
  upstream_cluster: 'httproute/shop/web/rule/0',
  requested_server_name: null,
});
const nginx = JSON.stringify({
  msec: '1776284220.500',
  remote_addr: '10.0.0.9',
  remote_port: '4000',
  server_addr: '10.0.0.1',
  server_port: '80',
  request_method: 'GET',
  request_uri: '/x',
  server_protocol: 'HTTP/1.1',
  status: '502',
  request_time: '0.250',
  upstream_addr: '10.0.0.2:80, 10.0.0.3:80',
  upstream_connect_time: '0.001, 0.002',
  upstream_header_time: '0.100, 0.190',
  upstream_response_time: '0.100, 0.200',
  http_host: 'shop',
});
const haproxy =
  'Nov 23 02:40:01 edge haproxy[14387]: 10.0.1.2:33313 [23/Nov/2026:02:40:01.123] http-in web/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"';

function read(line: string) {
  const parsed = parseLine(line);
  assert.ok(parsed, line);
  const { $case, value } = entryOfFields(parsed.fields);
  return { ...parsed, http: $case === 'http' ? value : undefined, ends: entryEnds(value.commonProperties) };
}

test("Envoy's default line: status, flags, duration, quoted words with quotes in them, server", () => {
  const { format, http, ends, fields } = read(envoy);
  assert.equal(format, 'envoy');
  assert.equal(http?.response?.responseCode, 503);
  assert.deepEqual(fields.flags, ['UF', 'URX']);
  assert.equal(http?.commonProperties?.responseFlags?.upstreamConnectionFailure, true);
  assert.equal(http?.commonProperties?.duration?.nanos, 226_000_000);
  assert.equal(http?.request?.authority, 'locations');
  assert.equal(ends.server && endText(ends.server), '10.0.2.1:80');
});

test("Istio's line has all four addresses, the cluster and the route", () => {
  const { format, http, ends } = read(istio);
  assert.equal(format, 'istio');
  assert.equal(http?.commonProperties?.upstreamCluster, 'inbound|8000||');
  assert.equal(http?.commonProperties?.routeName, 'default');
  assert.deepEqual(
    [ends.client, ends.accepted, ends.proxy, ends.server].map((end) => end && endText(end)),
    ['10.44.1.23:37652', '10.44.1.27:80', '127.0.0.6:41854', '127.0.0.1:80'],
  );
});

test("Envoy Gateway's JSON, with its keys of headers and a flag that Envoy itself does not know", () => {
  const { http, fields } = read(gateway);
  assert.equal(http?.request?.path, '/a');
  assert.equal(http?.request?.authority, 'shop.example');
  assert.equal(http?.commonProperties?.upstreamCluster, 'httproute/shop/web/rule/0');
  assert.deepEqual(fields.flags, ['XCUSTOM']);
});

test('nginx: the request began before its line was written, and the server that answered is the last one tried', () => {
  const { format, http, ends, proxy } = read(nginx);
  const common = http?.commonProperties;
  assert.deepEqual([format, proxy], ['nginx-json', 'nginx']);
  assert.deepEqual([common?.startTime?.seconds, common?.startTime?.nanos], [1_776_284_220n, 250_000_000]);
  assert.equal(common?.duration?.nanos, 250_000_000);
  assert.equal(common?.timeToFirstUpstreamTxByte?.nanos, 52_000_000);
  assert.equal(common?.timeToFirstUpstreamRxByte?.nanos, 240_000_000);
  assert.equal(ends.server && endText(ends.server), '10.0.0.3:80');
  assert.equal(ends.client && endText(ends.client), '10.0.0.9:4000');
});

test("haproxy's timers add up to moments since the request began", () => {
  const { format, http } = read(haproxy);
  const common = http?.commonProperties;
  assert.equal(format, 'haproxy');
  const moments = [common?.timeToLastRxByte, common?.timeToFirstUpstreamTxByte, common?.timeToFirstUpstreamRxByte];
  assert.deepEqual(
    [...moments, common?.duration].map((one) => (one?.nanos ?? 0) / 1e6),
    [10, 40, 109, 109],
  );
});

test("haproxy's own JSON format has all four ends, so that the kernel's connections are known exactly", () => {
  const { format, http, ends, fields } = read(
    '{"msec":"1776284220.500","method":"GET","path":"/x","protocol":"HTTP/1.1","status":"503","termination_state":"SC--","bytes_sent":"9","time_request_ms":"0","time_queue_ms":"0","time_connect_ms":"-1","time_response_ms":"-1","time_total_ms":"3","downstream_remote_address":"10.0.0.9:4000","downstream_local_address":"10.0.0.1:80","upstream_local_address":"10.0.0.1:4100","upstream_host":"10.0.0.2:8080","upstream_cluster":"web","route_name":"http-in"}',
  );
  assert.equal(format, 'haproxy-json');
  assert.deepEqual(fields.flags, ['UF']);
  assert.equal(http?.commonProperties?.timeToFirstUpstreamTxByte, undefined);
  assert.deepEqual(
    [ends.client, ends.accepted, ends.proxy, ends.server].map((end) => end && endText(end)),
    ['10.0.0.9:4000', '10.0.0.1:80', '10.0.0.1:4100', '10.0.0.2:8080'],
  );
});

test('what a proxy could not parse is kept without a method', () => {
  const { http } = read(haproxy.replace('"GET /index.html HTTP/1.1"', '"<BADREQ>"').replace(' 200 ', ' 400 '));
  assert.equal(http?.request?.requestMethod, 0);
  assert.equal(http?.response?.responseCode, 400);
});

test('a file said to be of one proxy takes no lines of another', () => {
  assert.equal(parseLine(nginx, 'haproxy'), undefined);
  assert.equal(parseLine(istio, 'envoy')?.format, 'istio');
});

test('any line is read or refused, never thrown at', () => {
  const line = fc.constantFrom(envoy, istio, gateway, nginx, haproxy);
  const spoilt = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(line, fc.nat(400), fc.nat(40), spoilt, (text, at, length, more) => {
      const parsed = parseLine(text.slice(0, at) + more + text.slice(at + length));
      if (parsed !== undefined) entryOfFields(parsed.fields);
    }),
    { numRuns: 2000 },
  );
});

// A line may have a megabyte. Where the time grew with its square these would take minutes.
test("lines that are made to look like haproxy's over and over are refused in linear time", () => {
  const begun = ': x:1 [11/Nov] a b/c 1/1/1/1/1 1 1 - - ---- 1 1 ';
  for (const piece of [': x:1 [11/', `${begun}{`, `${begun}"`, 'a:1 ', ': a:'])
    for (const characters of [65_000, 1_000_000])
      assert.equal(parseLine(piece.repeat(Math.floor(characters / piece.length)), 'haproxy'), undefined);
});
