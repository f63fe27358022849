// A small shop as the doubles tell it: who calls whom, how often and how it goes. Test edge only; every figure is made up
// here and follows from the seed, so a story can say what it will see.

export interface ShopService {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'CronJob' | 'external';
  readonly pods: number;
}

export interface ShopCall {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly l7: 'HTTP' | 'gRPC' | 'redis' | 'postgresql' | 'kafka' | 'DNS' | '';
  readonly perSecond: number;
  readonly medianMs: number;
  /** Share of responses that are the server's errors. */
  readonly errorShare: number;
  /** Name in the kernel's enum skb_drop_reason, where no packet passes. */
  readonly dropReason?: string;
  readonly requests: readonly (readonly [method: string, request: string])[];
}

const service = (path: string, kind: ShopService['kind'] = 'Deployment', pods = 3): ShopService => {
  const [namespace = '', name = ''] = path.split('/');
  return { id: path, namespace, name, kind, pods };
};

export const shopServices: readonly ShopService[] = [
  service('/internet', 'external', 0),
  service('ingress/gateway'),
  service('ingress/auth'),
  service('shop/web', 'Deployment', 6),
  service('shop/catalog'),
  service('shop/recommendations'),
  service('shop/cart'),
  service('shop/checkout', 'Deployment', 6),
  service('shop/inventory'),
  service('platform/notifier', 'Deployment', 1),
  service('platform/report-scheduler', 'CronJob', 1),
  service('payments/payments'),
  service('payments/fraud-detection'),
  service('payments/ledger', 'StatefulSet', 2),
  service('cache/search', 'StatefulSet'),
  service('cache/redis', 'StatefulSet'),
  service('data/postgres', 'StatefulSet', 2),
  service('data/kafka', 'StatefulSet'),
  service('kube-system/coredns', 'Deployment', 2),
  service('/api.stripe.com', 'external', 0),
  service('/smtp.relay.example', 'external', 0),
];

export const shopCalls: readonly ShopCall[] = [
  call('/internet', 'ingress/gateway:443', 'HTTP', 61, 21, 0.002, ['GET /', 'GET /products/1042', 'POST /cart/items']),
  call('ingress/gateway', 'ingress/auth:8080', 'HTTP', 14, 3, 0, ['POST /v1/introspect']),
  call('ingress/gateway', 'shop/web:3000', 'HTTP', 60, 19, 0.003, [
    'GET /products/1042',
    'GET /search',
    'POST /orders',
  ]),
  call('shop/web', 'shop/catalog:50051', 'gRPC', 32, 5, 0.001, ['gRPC catalog.v1.Catalog/GetProduct']),
  call('shop/web', 'shop/recommendations:8080', 'HTTP', 14, 31, 0.034, ['GET /internal/ab', 'GET /for-user/8123']),
  call('shop/web', 'shop/cart:8080', 'HTTP', 15, 9, 0, ['GET /carts/9f31', 'PUT /carts/9f31']),
  call('shop/web', 'shop/checkout:8080', 'HTTP', 9, 64, 0.004, ['POST /orders', 'GET /orders/5520']),
  call('shop/catalog', 'cache/search:9200', 'HTTP', 30, 12, 0, ['POST /products/_search']),
  call('shop/recommendations', 'cache/redis:6379', 'redis', 20, 0.9, 0, ['MGET rec:u:8123', 'GET model:v7']),
  call('shop/cart', 'cache/redis:6379', 'redis', 27, 0.6, 0, ['HGETALL cart:9f31', 'HSET cart:9f31']),
  call('shop/checkout', 'payments/payments:8443', 'HTTP', 9, 43, 0.012, ['POST /v1/charges', 'GET /v1/charges/77']),
  call('shop/checkout', 'shop/inventory:50051', 'gRPC', 9, 20, 0, ['gRPC inventory.v1.Stock/Reserve']),
  call('shop/checkout', 'data/kafka:9092', 'kafka', 8, 4, 0, ['PRODUCE orders']),
  call('shop/inventory', 'data/postgres:5432', 'postgresql', 24, 3, 0, ['SELECT stock', 'UPDATE stock']),
  call('payments/payments', 'payments/fraud-detection:8080', 'gRPC', 8, 16, 0, ['gRPC fraud.v1.Scorer/Score']),
  call('payments/payments', 'payments/ledger:8443', 'HTTP', 8, 38, 0.019, ['POST /entries']),
  call('payments/payments', '/api.stripe.com:443', '', 8, 90, 0, ['TLS api.stripe.com']),
  call('payments/fraud-detection', 'cache/redis:6379', 'redis', 12, 0.8, 0, ['GET velocity:card:41']),
  call('payments/ledger', 'data/postgres:5432', 'postgresql', 17, 41, 0, ['INSERT entries', 'SELECT balance']),
  call('platform/notifier', '/smtp.relay.example:587', '', 2, 60, 0, ['TLS smtp.relay.example']),
  call('shop/checkout', 'kube-system/coredns:53', 'DNS', 4, 0.7, 0, ['DNS payments.payments.svc.cluster.local']),
  call('shop/web', 'kube-system/coredns:53', 'DNS', 3, 0.7, 0, ['DNS catalog.shop.svc.cluster.local']),
  {
    ...call('platform/report-scheduler', 'payments/ledger:8443', '', 3, 0, 0, ['TCP SYN']),
    dropReason: 'NETFILTER_DROP',
  },
];

function call(
  from: string,
  target: string,
  l7: ShopCall['l7'],
  perSecond: number,
  medianMs: number,
  errorShare: number,
  requests: readonly string[],
): ShopCall {
  const [to = '', port = '0'] = target.split(':');
  const parsed = requests.map((text) => [text.split(' ')[0] ?? '', text.split(' ').slice(1).join(' ')] as const);
  return { from, to, port: Number(port), l7, perSecond, medianMs, errorShare, requests: parsed };
}

/** A small seeded generator (mulberry32): numbers in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
