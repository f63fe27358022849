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

const text = (content: string) => Buffer.from(content.replaceAll('\n', '\r\n'));
const requestText = text(`GET /api/carts/4711/items?page=2 HTTP/1.1
host: carts.shop.svc.cluster.local
user-agent: Mozilla/5.0 (X11; Linux x86_64)
accept: application/json
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01

`);
const answerText = text(`HTTP/1.1 200 OK
content-type: application/json
content-length: 0

`);

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

class Template {
  readonly #frame: Buffer;

  constructor(flags: number, payload?: Buffer) {
    this.#frame = ethernet(0x0800, ipv4(6, tcp(flags, payload)));
  }

  /** The same bytes each time, for other ends. */
  between(source: End, destination: End, sequence = 0): Buffer {
    const frame = this.#frame;
    frame.writeUInt32BE(source.address, SOURCE_ADDRESS);
    frame.writeUInt32BE(destination.address, DESTINATION_ADDRESS);
    frame.writeUInt16BE(source.port, SOURCE_PORT);
    frame.writeUInt16BE(destination.port, DESTINATION_PORT);
    frame.writeUInt32BE(sequence >>> 0, SEQUENCE);
    return frame;
  }
}

const syn = new Template(SYN);
const synAck = new Template(SYN | ACK);
const fin = new Template(FIN | ACK);
const request = new Template(PSH | ACK, requestText);
const answer = new Template(PSH | ACK, answerText);

/** Runs a program on the frames of one more step, by number, and returns how many they were. */
export type Traffic = (number: number, run: (frame: Buffer) => void) => number;

/** A new connection each time, opened and closed: four records. */
export const connections: Traffic = (number, run) => {
  const [client, server] = endsOf(number);
  run(syn.between(client, server));
  run(synAck.between(server, client));
  run(fin.between(client, server));
  run(fin.between(server, client));
  return 4;
};

/** A request and its answer on one of 8,000 connections that are kept alive. */
export const messages: Traffic = (number, run) => {
  const [client, server] = endsOf(number % KEPT_ALIVE);
  const turn = Math.floor(number / KEPT_ALIVE) + 1;
  run(request.between(client, server, turn * 1000));
  run(answer.between(server, client, turn * 1000));
  return 2;
};
