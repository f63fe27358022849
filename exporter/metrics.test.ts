import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  disagreements,
  documentedMetrics,
  noPromtool,
  promtoolComplaints,
  servedMetrics,
} from '#observer/testing/metrics-text.ts';
import { type Exporter, startExporter } from './exporter.ts';

let port = 0;
const shop = join(import.meta.dirname, '..', 'demo', 'recordings', 'shop.plx');

const scrape = async (accept = 'text/plain') => {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
  return { text: await response.text(), contentType: response.headers.get('content-type') };
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await check())) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${what}`);
    await pause(20);
  }
}

describe('the metrics of an exporter that plays recorded flows', () => {
  let exporter: Exporter;
  let text = '';
  before(async () => {
    port = await freePort();
    exporter = await startExporter({
      listen: '127.0.0.1:0',
      metrics: `127.0.0.1:${port}`,
      nodeName: 'n1',
      replay: shop,
      log: () => {},
    });
    await until('HTTP and DNS were seen', async () => {
      ({ text } = await scrape());
      return /^hubble_http_requests_total\{/m.test(text) && /^hubble_dns_responses_total\{/m.test(text);
    });
  });
  after(() => exporter.stop());

  it('pass promtool without a complaint', { skip: noPromtool() }, () => {
    assert.equal(promtoolComplaints(text), '');
  });

  it('are those of docs/metrics.md: names, types, labels and meaning', () => {
    const documented = documentedMetrics('Every process', 'Exporter', "Flows, under Hubble's names");
    assert.deepEqual(disagreements(servedMetrics(text), documented), []);
  });

  it('are given in the OpenMetrics form to whoever asks, counters named alike in both, and again in the old one', async () => {
    const open = await scrape('application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
    assert.match(open.contentType ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(open.text, /^# TYPE hubble_flows_processed counter$/m);
    assert.match(open.text, /^hubble_flows_processed_total\{.*\} \d+$/m);
    assert.match(open.text, /^hubble_http_request_duration_seconds_bucket\{.*le="\+Inf".*\} \d+$/m);
    assert.match(open.text, /# EOF\n$/);
    const plain = await scrape();
    assert.match(plain.contentType ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(plain.text, /^# TYPE hubble_flows_processed_total counter$/m);
  });

  it('answer a path that is none in words, and a hostile one too', async () => {
    const statusOf = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ host: '127.0.0.1', port, path }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        })
          .on('error', reject)
          .end();
      });
    assert.equal(await statusOf('/metrics?name=x'), 200);
    for (const path of ['/', '//', '/%ff', `/${'a'.repeat(8000)}`]) assert.equal(await statusOf(path), 404);
  });

  it('hold no more connections than a bound, and count the others', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 64; i += 1) sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
    await until('half are closed', () => sockets.filter((socket) => socket.destroyed).length >= 32);
    for (const socket of sockets) socket.destroy();
    let refused = 0;
    await until('there is room again', async () => {
      refused = await scrape().then(
        (again) => Number(/^parallax_metrics_connections_refused_total (\d+)$/m.exec(again.text)?.[1]),
        () => 0,
      );
      return refused > 0;
    });
    assert.ok(refused >= 32);
  });
});
