// An API server in a process of its own, so that its memory is not counted: 10,000 pods of 1,000 Deployments on 200 nodes,
// with what real objects carry. Tells its address, then changes pods as it is told to.

import { ApiServer } from '#kubernetes/testing/api-server.ts';

const pods = '/api/v1/pods';
const podCount = 10_000;
const podsOfDeployment = 10;
const nodeCount = 200;

const server = new ApiServer();
await server.start();
for (let i = 0; i < nodeCount; i += 1) server.put('/api/v1/nodes', node(i));
for (let i = 0; i < 50; i += 1)
  server.put('/api/v1/namespaces', {
    metadata: { name: `team-${i}`, labels: { 'kubernetes.io/metadata.name': `team-${i}` } },
  });
for (let i = 0; i < podCount / podsOfDeployment; i += 1) {
  const namespace = `team-${i % 50}`;
  // Ten revisions are what a Deployment keeps.
  for (let revision = 0; revision < 10; revision += 1)
    server.put('/apis/apps/v1/replicasets', replicaSet(i, revision, namespace));
  server.put('/api/v1/services', service(i, namespace));
  server.put('/apis/discovery.k8s.io/v1/endpointslices', slice(i, namespace));
}
for (let i = 0; i < podCount; i += 1) server.put(pods, pod(i, addressOf(i), {}));
process.send?.({ url: server.url });
process.on('message', ({ probes, everyMs }: { probes: number; everyMs: number }) => {
  let sent = 0;
  const timer = setInterval(() => {
    const sentMs = (performance.timeOrigin + performance.now()).toFixed(3);
    server.put(pods, pod(podCount + sent, addressOf(podCount + (sent % 1000)), { sent: sentMs }));
    sent += 1;
    if (sent === probes) clearInterval(timer);
  }, everyMs);
});
process.on('disconnect', () => process.exit());

function addressOf(i: number): string {
  return `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
}

function pod(i: number, ip: string, more: Record<string, string>) {
  const deployment = Math.floor(i / podsOfDeployment) % (podCount / podsOfDeployment);
  const namespace = `team-${deployment % 50}`;
  const hash = (0x5d9c7b00 + deployment).toString(16);
  const name = `app-${deployment}`;
  const container = {
    ...{ name: 'app', image: `registry.example/${name}:1.2.3`, imagePullPolicy: 'IfNotPresent' },
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 20 }, (_, n) => ({ name: `VARIABLE_${n}`, value: `value of variable ${n} of ${name}` })),
    resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
    livenessProbe: { httpGet: { path: '/live', port: 'http' } },
    volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
  };
  return {
    metadata: {
      ...{
        name: `${name}-${hash}-${i.toString(36)}`,
        generateName: `${name}-${hash}-`,
        namespace,
        uid: `6f1c2a90-0000-4000-8000-${String(i).padStart(12, '0')}`,
      },
      creationTimestamp: '2026-11-20T08:00:00Z',
      labels: {
        ...{ 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': name, 'app.kubernetes.io/version': '1.2.3' },
        ...{ team: namespace, tier: 'backend', 'pod-template-hash': hash, ...more },
      },
      annotations: { 'checksum/config': 'b'.repeat(64), 'prometheus.io/scrape': 'true' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${name}-${hash}`,
          uid: `rs-${deployment}`,
          controller: true,
        },
      ],
      managedFields: [{ manager: 'kubelet', operation: 'Update', fieldsV1: { text: 'f:metadata '.repeat(200) } }],
    },
    spec: {
      nodeName: `node-${i % nodeCount}`,
      serviceAccountName: name,
      containers: [container],
      tolerations: [],
      volumes: [],
    },
    status: {
      ...{ phase: 'Running', hostIP: '192.168.0.1', podIP: ip, podIPs: [{ ip }], startTime: '2026-11-20T08:00:05Z' },
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
      containerStatuses: [{ name: 'app', ready: true, containerID: `containerd://${'ab'.repeat(32)}` }],
    },
  };
}

function node(i: number) {
  const labels = { 'kubernetes.io/hostname': `node-${i}`, 'topology.kubernetes.io/zone': `zone-${i % 3}` };
  return {
    metadata: { name: `node-${i}`, labels },
    status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${i}` }] },
  };
}

function replicaSet(i: number, revision: number, namespace: string) {
  const hash = (0x5d9c7b00 + i).toString(16);
  const name = revision === 0 ? `app-${i}-${hash}` : `app-${i}-${revision}${hash}`;
  return {
    metadata: { name, namespace, ownerReferences: [{ kind: 'Deployment', name: `app-${i}`, controller: true }] },
    spec: { replicas: revision === 0 ? podsOfDeployment : 0 },
  };
}

function service(i: number, namespace: string) {
  const clusterIP = `10.96.${i >> 8}.${i & 255}`;
  return {
    metadata: { name: `app-${i}`, namespace },
    spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80, targetPort: 'http' }] },
  };
}

function slice(i: number, namespace: string) {
  const addresses = Array.from({ length: podsOfDeployment }, (_, n) => addressOf(i * podsOfDeployment + n));
  return {
    metadata: { name: `app-${i}-x`, namespace, labels: { 'kubernetes.io/service-name': `app-${i}` } },
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ port: 8080, protocol: 'TCP' }],
  };
}
