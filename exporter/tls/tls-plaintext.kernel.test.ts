import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readFlowDetails } from '#flow/details.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { TlsJoin, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { type Exporter, startExporter } from '../exporter.ts';
import { kernelTestsImpossible, type Pod, Pods, runIn, type Service, serveIn } from '../kernel/testing/pods.ts';
import { eventually } from '../kernel/testing/recorder.ts';
import { type RealServer, runInPod, startNginx } from '../kernel/testing/servers.ts';
import { type Following, follow } from '../testing/follow.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const REQUESTS = 40;
const NGINX = 21_701;
const NODE = 21_702;
const NODE_HTTP2 = 21_703;
const UNWATCHED = 21_704;

/** Requests with and without bodies over 4 connections that are kept, `path` and a number each. */
const client = (host: string, port: number, path: string) => `
  const https = require('node:https');
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false });
  const ask = (i) => new Promise((resolve, reject) => {
    const method = i % 3 ? 'GET' : 'POST';
    const address = { host: '${host}', port: ${port}, path: '${path}/' + i + '?secret=hidden' };
    const request = https.request({ ...address, method, agent }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    request.on('error', reject);
    request.end(i % 3 ? undefined : 'x'.repeat(20_000));
  });
  Promise.all(Array.from({ length: ${REQUESTS} }, (_, i) => ask(i))).then(() => agent.destroy());`;

const server = (folder: string, port: number, make: string) => `
  const { readFileSync } = require('node:fs');
  const options = { key: readFileSync('${folder}/key.pem'), cert: readFileSync('${folder}/cert.pem') };
  const answer = (request, response) => {
    request.resume();
    request.on('end', () => response.end('y'.repeat(9000)));
  };
  ${make}(options, answer).listen(${port}, '0.0.0.0', () => console.log('ready'));`;
const HTTPS = "require('node:https').createServer";
const HTTP2 = "require('node:http2').createSecureServer";

const certificate = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop -keyout key.pem -out cert.pem';

/** Runs a program with a Node of its own name, after `ready`. */
async function runWith(node: string, pod: Pod, program: string, ready: (pid: number) => Promise<unknown>) {
  const waiting = `process.stdin.once('data', () => { process.stdin.destroy(); ${program} });`;
  const child = spawn('ip', ['netns', 'exec', pod.namespace, node, '-e', waiting], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  await ready(child.pid ?? 0);
  child.stdin.write('go');
  assert.deepEqual(await ended, [0, null]);
}

/** Programs, maps and links of the kernel that this process holds. */
function held(): string[] {
  return readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      return /^(?:prog|map|link)_id:.*$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    } catch {
      return []; // The descriptor of the listing itself.
    }
  });
}

describe('the plaintext of TLS connections, of chosen processes', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-tls-'));
  const log: string[] = [];
  let pods: Pods;
  let web: Pod;
  let shop: Pod;
  let nginx: RealServer;
  let services: Service[] = [];
  let exporter: Exporter;
  let following: Following;
  /** A Node that is watched as a client, and one that does not look like a Node. */
  const clientNode = join(folder, 'client', 'node');
  const renamedNode = join(folder, 'renamed');

  before(async () => {
    execFileSync('openssl', certificate.split(' '), { cwd: folder, stdio: 'ignore' });
    mkdirSync(join(folder, 'client'));
    copyFileSync(process.execPath, clientNode);
    linkSync(clientNode, renamedNode);
    pods = new Pods(87);
    web = pods.add();
    shop = pods.add();
    nginx = await startNginx(
      shop,
      `server { listen ${NGINX} ssl http2; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
         location / { return 200 "${'z'.repeat(3000)}"; } }`,
    );
    services = await Promise.all([
      serveIn(shop.namespace, server(folder, NODE, HTTPS)),
      serveIn(shop.namespace, server(folder, NODE_HTTP2, HTTP2)),
      serveIn(shop.namespace, server(folder, UNWATCHED, HTTPS)),
    ]);
    exporter = await startExporter({
      listen: '127.0.0.1:0',
      nodeName: 'n',
      interfaces: pods.veths,
      tlsPlaintext: [
        ...[...workers(), services[0]?.pid, services[1]?.pid].map((pid) => `pid:${pid}`),
        `exe:${clientNode}`,
        `exe:${renamedNode}`,
      ],
      log: (line) => log.push(line),
    });
    following = follow(exporter.address);
  });

  after(async () => {
    following.close();
    await exporter.stop();
    for (const service of services) await service.stop();
    await nginx.stop();
    pods.remove();
    rmSync(folder, { recursive: true });
  });

  function workers(): number[] {
    const master = readFileSync(join(nginx.folder, 'nginx.pid'), 'utf8').trim();
    return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number);
  }

  const isWatched = (pid: number) =>
    eventually(`process ${pid} to be watched`, () => log.find((line) => line.includes(`(pid ${pid}) in `)));
  const httpOf = (flow: Flow) => (flow.l7?.record?.$case === 'http' ? flow.l7.record.value : undefined);
  const urlOf = (flow: Flow) => httpOf(flow)?.url ?? '';
  const detailsOf = (flow: Flow) => readFlowDetails(flow) ?? assert.fail('a flow has no details');
  const told = (path: string, isReply: boolean) =>
    following.flows.filter((flow) => flow.isReply === isReply && urlOf(flow).includes(`${path}/`));

  /** Of each request and of its answer one flow, labelled so; `check` looks at each. */
  async function expectAll(port: number, path: string, join: TlsJoin, check: (flow: Flow, isReply: boolean) => void) {
    const count = () => [told(path, false).length, told(path, true).length];
    await eventually('all to be told', () => count().every((one) => one >= REQUESTS)).catch((error: unknown) => {
      throw new Error(`${count().join(' requests and ')} answers of ${REQUESTS} were told`, { cause: error });
    });
    const url = (i: number) => `https://${shop.address}:${port}${path}/${i}?secret=REDACTED`;
    const urls = Array.from({ length: REQUESTS }, (_, i) => url(i)).sort();
    for (const isReply of [false, true]) {
      const flows = told(path, isReply);
      assert.deepEqual(flows.map(urlOf).sort(), urls);
      for (const flow of flows) {
        const { tlsPlaintext, viewSource } = detailsOf(flow);
        assert.equal(tlsPlaintext?.join, join);
        assert.equal(viewSource, ViewSource.VIEW_SOURCE_TLS_LIBRARY);
        assert.equal(httpOf(flow)?.code, isReply ? 200 : 0);
        assert.doesNotMatch(flow.Summary, /hidden/);
        check(flow, isReply);
      }
    }
  }

  /** Both ends, and the process at the watched one. */
  const isJoined = (port: number, library: RegExp) => (flow: Flow, isReply: boolean) => {
    const [source, destination] = isReply ? [shop, web] : [web, shop];
    assert.deepEqual([flow.IP?.source, flow.IP?.destination], [source.address, destination.address]);
    const tcp = flow.l4?.protocol?.$case === 'TCP' ? flow.l4.protocol.value : undefined;
    assert.equal(isReply ? tcp?.sourcePort : tcp?.destinationPort, port);
    assert.match(detailsOf(flow).tlsPlaintext?.library ?? '', library);
  };

  const curl = (port: number, path: string, ...options: string[]) => {
    const urls = Array.from(
      { length: REQUESTS },
      (_, i) => `https://${shop.address}:${port}${path}/${i}?secret=hidden`,
    );
    return runInPod(web, ['curl', '-sk', ...options, ...urls.flatMap((url) => ['-o', '/dev/null', url])]);
  };

  test('each request to nginx, and its answer, is one flow of its connection', async () => {
    await runIn(web.namespace, client(shop.address, NGINX, '/nginx'));
    await expectAll(NGINX, '/nginx', TlsJoin.TLS_JOIN_SOCKET, isJoined(NGINX, /^libssl\.so/));
  });

  test('each call of HTTP/2 to nginx is one flow, many at a time', async () => {
    await curl(NGINX, '/nginx2', '--http2', '--parallel', '--parallel-immediate');
    await expectAll(NGINX, '/nginx2', TlsJoin.TLS_JOIN_SOCKET, isJoined(NGINX, /^libssl\.so/));
  });

  test('each request to a server of Node is one flow of its connection', async () => {
    await runIn(web.namespace, client(shop.address, NODE, '/node'));
    await expectAll(NODE, '/node', TlsJoin.TLS_JOIN_ORDER, isJoined(NODE, /^node$/));
  });

  test('each call of HTTP/2 to a server of Node is one flow', async () => {
    await curl(NODE_HTTP2, '/node2', '--http2');
    await expectAll(NODE_HTTP2, '/node2', TlsJoin.TLS_JOIN_ORDER, isJoined(NODE_HTTP2, /^node$/));
  });

  test('each request of a client of Node is one flow of its connection, the first of each too', async () => {
    await runWith(clientNode, web, client(shop.address, UNWATCHED, '/asked'), isWatched);
    await expectAll(UNWATCHED, '/asked', TlsJoin.TLS_JOIN_ORDER, isJoined(UNWATCHED, /^node$/));
  });

  test('where both ends are watched a request is told once', async () => {
    await runWith(clientNode, web, client(shop.address, NODE, '/both'), isWatched);
    await expectAll(NODE, '/both', TlsJoin.TLS_JOIN_ORDER, isJoined(NODE, /^node$/));
  });

  test('what cannot be joined is told of the process alone, and labelled', async () => {
    const pids: number[] = [];
    await runWith(renamedNode, web, client(shop.address, UNWATCHED, '/alone'), async (pid) => {
      pids.push(pid);
      await isWatched(pid);
    });
    await expectAll(UNWATCHED, '/alone', TlsJoin.TLS_JOIN_UNJOINED, (flow, isReply) => {
      assert.deepEqual([flow.IP?.source ?? '', flow.IP?.destination ?? '', flow.l4], ['', '', undefined]);
      const { sourceProcess, destinationProcess } = detailsOf(flow);
      const [here, elsewhere] = isReply ? [destinationProcess, sourceProcess] : [sourceProcess, destinationProcess];
      assert.deepEqual([here?.pid, elsewhere], [pids[0], undefined]);
    });
  });

  test('a process that was not chosen is not read, though it runs the same file as one that was', async () => {
    await runIn(web.namespace, client(shop.address, UNWATCHED, '/quiet'));
    await runIn(web.namespace, client(shop.address, NODE, '/after'));
    await expectAll(NODE, '/after', TlsJoin.TLS_JOIN_ORDER, () => {});
    assert.deepEqual([...told('/quiet', false), ...told('/quiet', true)], []);
  });

  test('stopping leaves no probe behind', async () => {
    assert.ok(held().length > 0);
    await exporter.stop();
    assert.deepEqual(held(), []);
  });
});
