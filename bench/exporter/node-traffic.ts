// The traffic of a node as frames, for benchmarks: 200 pods behind 50 services, which talk to each other and to 4,000
// addresses elsewhere, over tens of thousands of connections. The same sequence every time.

import { ethernet, ipv4, tcp } from '#exporter/kernel/testing/test-run.ts';
import { parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';

const PODS = 200;
const SERVICES = 50;
const REMOTE_ADDRESSES = 4000;
const SYN = 2;
const ACK = 16;
const FIN = 1;
const PSH = 8;
/** As many as the parsers remember. */
const KEPT_ALIVE = 8000;
const SERVER_PORT = 8080;
/** Offsets in the frames below: Ethernet, IPv4, TCP. */
const SOURCE_ADDRESS = 26;
const DESTINATION_ADDRESS = 30;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;
const SEQUENCE = 38;

/** One end: an address as a number, and a port. */
interface End {
  readonly address: number;
  readonly port: number;
}

const podAddress = (number: number) => 0x0a40_0000 + number + 2;
const remoteAddress = (number: number) => 0x0a80_0000 + number;
const addressText = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

export const isPod = (address: string): boolean => address.startsWith('10.64.');

/** The pods and services, as the API server tells of them. */
export function cluster(): PodIndex {
  const index = new PodIndex({ nodeName: 'bench' });
  const add = (object: object) => {
    const parsed = parseKubernetesObject(object);
    if (parsed === undefined) throw new Error('the benchmark has made an object that is none');
    index.upsert(parsed, 0);
  };
  for (let number = 0; number < PODS; number++) {
    const app = `service-${number % SERVICES}`;
    add({
      kind: 'Pod',
      metadata: {
        name: `${app}-6d4cf56db6-${number.toString(36).padStart(5, 'x')}`,
        namespace: 'shop',
        labels: { app, 'app.kubernetes.io/part-of': 'shop', version: 'v1.4.2', 'pod-template-hash': '6d4cf56db6' },
        ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: `${app}-6d4cf56db6` }],
      },
      spec: { nodeName: 'bench', serviceAccountName: app },
      status: { phase: 'Running', podIP: addressText(podAddress(number)) },
    });
  }
  for (let number = 0; number < SERVICES; number++) {
    add({
      kind: 'Service',
      metadata: { name: `service-${number}`, namespace: 'shop' },
      spec: {
        clusterIP: `10.96.0.${number + 1}`,
        selector: { app: `service-${number}` },
        ports: [{ port: 80, targetPort: SERVER_PORT }],
      },
    });
  }
  return index;
}

/** Client and server of a connection: two connections of three are between pods. */
function endsOf(number: number): readonly [End, End] {
  const client = { address: podAddress((number * 7) % PODS), port: 20_000 + (number % 40_000) };
  const isRemote = number % 3 === 2;
  const address = isRemote ? remoteAddress((number * 31) % REMOTE_ADDRESSES) : podAddress((number * 13 + 1) % PODS);
  return [client, { address, port: isRemote ? 443 : SERVER_PORT }];
}

/** As a shop has them: paths with numbers in them, which are many, of kinds that are few. */
function requestText(number: number, connection: number): string {
  const item = (number * 7919) % 100_003;
  const paths = [
    `/api/carts/${item}/items?page=${number % 9}&token=${item}`,
    `/api/products/${item}`,
    `/api/products?category=${number % 30}&sort=price`,
    `/api/users/${item}/orders/${(number * 31) % 10_007}`,
    '/healthz',
    `/static/img/${item}.webp`,
  ];
  const path = paths[number % paths.length];
  const trace = (number + 0x10_0000).toString(16).padStart(32, '4bf92f3577b34da6');
  const post = number % 8 === 3;
  const body = post ? `{"product":${item},"quantity":${(number % 5) + 1}}` : '';
  return [
    `${post ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    `host: service-${connection % SERVICES}.shop.svc.cluster.local:8080`,
    `user-agent: ${AGENTS[connection % AGENTS.length]}`,
    'accept: application/json, text/plain, */*',
    'accept-encoding: gzip, deflate, br',
    ...(post ? ['content-type: application/json', `content-length: ${body.length}`] : []),
    `traceparent: 00-${trace}-00f067aa0ba902b7-01`,
    '',
    body,
  ].join('\r\n');
}

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Go-http-client/1.1',
  'python-requests/2.32.3',
  'okhttp/4.12.0',
  'kube-probe/1.33',
  'axios/1.7.9',
];

/** Nine of ten succeed; what is said is as long as the number makes it. */
function answerText(number: number): string {
  const line = number % 10 === 7 ? FAILURES[number % FAILURES.length] : '200 OK';
  const body = `{"id":${(number * 7919) % 100_003},"text":"${'x'.repeat((number * 37) % 300)}"}`;
  return [
    `HTTP/1.1 ${line}`,
    'date: Mon, 23 Nov 2026 08:00:00 GMT',
    'content-type: application/json; charset=utf-8',
    `content-length: ${body.length}`,
    'connection: keep-alive',
    '',
    body,
  ].join('\r\n');
}

const FAILURES = ['404 Not Found', '201 Created', '401 Unauthorized', '500 Internal Server Error', '302 Found'];

class Template {
  readonly #frame: Buffer;

  constructor(flags: number, payload?: Buffer) {
    this.#frame = ethernet(0x0800, ipv4(6, tcp(flags, payload)));
  }

  /** The same bytes each time, for other ends. */
  between(source: End, destination: End): Buffer {
    return withEnds(this.#frame, source, destination, 0);
  }
}

function withEnds(frame: Buffer, source: End, destination: End, sequence: number): Buffer {
  frame.writeUInt32BE(source.address, SOURCE_ADDRESS);
  frame.writeUInt32BE(destination.address, DESTINATION_ADDRESS);
  frame.writeUInt16BE(source.port, SOURCE_PORT);
  frame.writeUInt16BE(destination.port, DESTINATION_PORT);
  frame.writeUInt32BE(sequence >>> 0, SEQUENCE);
  return frame;
}

const syn = new Template(SYN);
const synAck = new Template(SYN | ACK);
const fin = new Template(FIN | ACK);

/** Runs a program on the frames of one more step, by number, and returns how many they were. */
type Traffic = (number: number, run: (frame: Buffer) => void) => number;

/** A new connection each time, opened and closed: four records. */
const connections: Traffic = (number, run) => {
  const [client, server] = endsOf(number);
  run(syn.between(client, server));
  run(synAck.between(server, client));
  run(fin.between(client, server));
  run(fin.between(server, client));
  return 4;
};

/** Bytes that client and server of each connection have sent. */
const sent = new Uint32Array(2 * KEPT_ALIVE);

/** The sequence number of the next so many bytes. */
function take(direction: number, bytes: number): number {
  const sequence = sent[direction] ?? 0;
  sent[direction] = sequence + bytes;
  return sequence;
}

/** A request and its answer on one of 8,000 connections that are kept alive. */
const messages: Traffic = (number, run) => {
  const connection = number % KEPT_ALIVE;
  const [client, server] = endsOf(connection);
  const request = requestText(number, connection);
  const answer = answerText(number);
  run(withEnds(messageFrame(request), client, server, take(2 * connection, request.length)));
  run(withEnds(messageFrame(answer), server, client, take(2 * connection + 1, answer.length)));
  return 2;
};

export const traffic = { connections, messages } as const;
export type TrafficName = keyof typeof traffic;

function messageFrame(text: string): Buffer {
  return ethernet(0x0800, ipv4(6, tcp(PSH | ACK, Buffer.from(text, 'latin1'))));
}
