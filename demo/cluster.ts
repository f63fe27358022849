// The demo cluster: an online shop of 15 pods in 6 Kubernetes namespaces, and a client on the "internet".
// A declaration and nothing else; rates sum to about 100 requests a second.
import type { Answer, Call, Edge, Program, Protocol, Server, Workload, WorkloadKey } from './topology.ts';

const fast: Answer = { path: '/', outcomes: [{ status: 200, weight: 1, delayMs: 2 }] };

/** Mostly `delayMs`, three in a hundred a hundred times slower: the tail a latency view exists for. */
function withTail(path: string, delayMs: number): Answer {
  return {
    path,
    outcomes: [
      { status: 200, weight: 97, delayMs },
      { status: 200, weight: 3, delayMs: delayMs * 100 },
    ],
  };
}

const notFound: Answer = { path: '/missing', outcomes: [{ status: 404, weight: 1, delayMs: 1 }] };

function server(protocol: Server['protocol'], port: number, answers: readonly Answer[]): Server {
  return { protocol, port, answers };
}

export const workloads: readonly Workload[] = [
  { key: 'internet/loadgen', kind: 'External', replicas: 1, program: { kind: 'node', servers: [] } },
  {
    key: 'ingress/gateway',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'nginx', port: 80 },
    service: { port: 80, targetPort: 80, transport: 'TCP' },
  },
  {
    key: 'shop/web',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'node', servers: [server('http1', 8080, [notFound, withTail('/', 4)])] },
    service: { port: 8080, targetPort: 8080, transport: 'TCP' },
  },
  {
    key: 'shop/catalog',
    kind: 'Deployment',
    replicas: 2,
    program: { kind: 'node', servers: [server('http1', 8080, [notFound, withTail('/products', 3), fast])] },
    service: { port: 80, targetPort: 8080, transport: 'TCP', clusterIp: '10.96.0.20' },
  },
  {
    key: 'shop/cart',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'node', servers: [server('http1', 8080, [fast])] },
    service: { port: 8080, targetPort: 8080, transport: 'TCP' },
  },
  {
    key: 'shop/checkout',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'node', servers: [server('http1', 8080, [withTail('/orders', 15), fast])] },
    service: { port: 8080, targetPort: 8080, transport: 'TCP' },
  },
  {
    key: 'shop/recommend',
    kind: 'Deployment',
    replicas: 1,
    program: {
      kind: 'node',
      servers: [server('grpc', 9000, [{ path: '/', outcomes: [{ status: 0, weight: 1, delayMs: 3 }] }])],
    },
    service: { port: 9000, targetPort: 9000, transport: 'TCP' },
  },
  {
    key: 'payments/payments',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'node', servers: [server('http2', 8080, [withTail('/charge', 6), fast])] },
    service: { port: 8080, targetPort: 8080, transport: 'TCP' },
    hasIpv6: true,
  },
  {
    key: 'payments/ledger',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'node', servers: [server('https', 8443, [fast])] },
    service: { port: 8443, targetPort: 8443, transport: 'TCP' },
  },
  {
    key: 'payments/fraud',
    kind: 'Deployment',
    replicas: 1,
    program: {
      kind: 'node',
      servers: [
        server('grpc', 9000, [
          {
            path: '/',
            outcomes: [
              { status: 0, weight: 92, delayMs: 5 },
              { status: 7, weight: 4, delayMs: 2 },
              { status: 14, weight: 4, delayMs: 60 },
            ],
          },
        ]),
      ],
    },
    service: { port: 9000, targetPort: 9000, transport: 'TCP' },
    hasIpv6: true,
  },
  {
    key: 'data/postgres',
    kind: 'StatefulSet',
    replicas: 1,
    program: { kind: 'postgres', port: 5432 },
    service: { port: 5432, targetPort: 5432, transport: 'TCP' },
  },
  {
    key: 'data/redis',
    kind: 'StatefulSet',
    replicas: 1,
    program: { kind: 'redis', port: 6379 },
    service: { port: 6379, targetPort: 6379, transport: 'TCP' },
  },
  { key: 'platform/scheduler', kind: 'Deployment', replicas: 1, program: { kind: 'node', servers: [] } },
  {
    key: 'platform/notifier',
    kind: 'Deployment',
    replicas: 1,
    program: {
      kind: 'node',
      servers: [
        server('http1', 8080, [
          {
            path: '/mail',
            outcomes: [
              { status: 202, weight: 80, delayMs: 8 },
              { status: 503, weight: 20, delayMs: 30 },
            ],
          },
          fast,
        ]),
      ],
    },
    service: { port: 8080, targetPort: 8080, transport: 'TCP' },
  },
  {
    key: 'kube-system/coredns',
    kind: 'Deployment',
    replicas: 1,
    program: { kind: 'dnsmasq', port: 53 },
    service: { port: 53, targetPort: 53, transport: 'UDP', clusterIp: '10.96.0.10' },
  },
];

/** What the gateway is where nginx is not installed: the same ports, the same way on to shop/web. */
export const gatewayWithoutNginx: Program = {
  kind: 'node',
  servers: [
    { protocol: 'http1', port: 80, answers: [], forwardTo: 'shop/web' },
    { protocol: 'https', port: 443, answers: [], forwardTo: 'shop/web' },
  ],
};

type Habits = Partial<Pick<Edge, 'shape' | 'connection' | 'family'>>;

function edge(
  [from, to]: readonly [WorkloadKey, WorkloadKey],
  protocol: Protocol,
  port: number,
  perSecond: number,
  calls: Readonly<Record<string, number>>,
  habits: Habits = {},
): Edge {
  const list: Call[] = Object.entries(calls).map(([ask, weight]) => ({ ask, weight }));
  return { from, to, protocol, port, perSecond, shape: 'steady', connection: 'keep-alive', calls: list, ...habits };
}

/** Names a pod looks up beside those it dials: one in eight has no answer. */
function lookups(from: WorkloadKey, name: string, perSecond: number): Edge {
  const calls = { [`${name}.svc.cluster.local`]: 7, [`${name}.svc.cluster.local.example`]: 1 };
  return edge([from, 'kube-system/coredns'], 'dns', 53, perSecond, calls);
}

/** Who asks whom. The gateway's own requests to shop/web follow one for one from what it is asked. */
export const edges: readonly Edge[] = [
  edge(['internet/loadgen', 'ingress/gateway'], 'http1', 80, 10, { 'GET /': 6, 'GET /basket': 3, 'GET /missing': 1 }),
  edge(['internet/loadgen', 'ingress/gateway'], 'https', 443, 2, { 'GET /account': 1 }, { connection: 'per-request' }),
  edge(['shop/web', 'shop/catalog'], 'http1', 80, 14, { 'GET /products/7': 8, 'GET /products': 4, 'GET /missing': 1 }),
  edge(
    ['shop/web', 'shop/cart'],
    'http1',
    8080,
    6,
    { 'GET /cart/42': 4, 'PUT /cart/42': 1 },
    { connection: 'per-request' },
  ),
  edge(['shop/web', 'shop/recommend'], 'grpc', 9000, 6, { '/shop.Recommender/ForCart': 1 }),
  edge(['shop/web', 'shop/checkout'], 'http1', 8080, 2, { 'POST /orders': 3, 'GET /orders/9': 1 }),
  edge(['shop/catalog', 'data/postgres'], 'postgres', 5432, 10, {
    'select n, md5(n::text) from generate_series(1, 8) n': 40,
    'select pg_sleep(0.3)': 1,
    'select price from discontinued': 1,
  }),
  edge(['shop/catalog', 'data/redis'], 'redis', 6379, 14, {
    'GET product:7': 8,
    'SET product:7 teapot': 2,
    'INCR product:7': 1,
  }),
  edge(['shop/cart', 'data/redis'], 'redis', 6379, 8, { 'HGETALL cart:42': 4, 'HSET cart:42 teapot 1': 1 }),
  edge(['shop/checkout', 'payments/payments'], 'http2', 8080, 4, { 'POST /charge': 4, 'GET /charge/1': 1 }),
  edge(['shop/checkout', 'platform/notifier'], 'http1', 8080, 2, { 'POST /mail': 1 }, { shape: 'bursty' }),
  edge(
    ['payments/payments', 'payments/ledger'],
    'https',
    8443,
    3,
    { 'POST /entries': 1 },
    { connection: 'per-request' },
  ),
  edge(['payments/payments', 'payments/fraud'], 'grpc', 9000, 4, { '/payments.Fraud/Score': 1 }, { family: 'IPv6' }),
  edge(['payments/ledger', 'data/postgres'], 'postgres', 5432, 3, { 'select count(*) from pg_stat_activity': 1 }),
  edge(
    ['platform/scheduler', 'payments/ledger'],
    'https',
    8443,
    0.5,
    { 'GET /balance': 1 },
    { connection: 'per-request' },
  ),
  edge(['platform/scheduler', 'shop/catalog'], 'http1', 80, 2, { 'GET /healthz': 1 }, { connection: 'per-request' }),
  edge(['platform/scheduler', 'platform/notifier'], 'http1', 8080, 3, { 'POST /mail/digest': 1 }, { shape: 'bursty' }),
  lookups('shop/web', 'catalog.shop', 2),
  lookups('shop/checkout', 'payments.payments', 1),
  lookups('payments/payments', 'ledger.payments', 1),
  lookups('platform/notifier', 'redis.data', 0.5),
];
