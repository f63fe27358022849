import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { FlowRing } from '#observer/flow-ring.ts';
import { writeRecording } from '#observer/recording.ts';
import { toMethodDefinition } from '#observer/service-definition.ts';
import {
  DashboardDefinition,
  GetServiceMapRequest,
  GetStatusRequest,
  type Status,
} from '#proto/gen/parallax/v1/dashboard.ts';
import { startExporter } from './exporter.ts';
import { exporterStatus } from './exporter-status.ts';
import { featureNotices, obstacleOf, replayNotice } from './notices.ts';

const folder = mkdtempSync(join(tmpdir(), 'parallax-status-'));
after(() => rmSync(folder, { recursive: true }));

test('what the kernel half lost and left out is told by kind, and seen is delivered plus lost', () => {
  const { coverage } = exporterStatus({
    ring: new FlowRing({ capacityBytes: 1 << 20 }),
    nodeName: 'node-1',
    version: '0.0.0',
    address: () => '127.0.0.1:4244',
    counters: () => ({
      seen: { packets: 9000, connection: 90, l7: 7 },
      lost: { connection: 2, table_full: 1, l7: 0 },
      skipped: { fragments: 5, noise: 0 },
    }),
    notices: () => [],
    startedMs: 0,
    nowMs: () => 10_000,
  });
  const [kernel, exporter] = coverage;
  assert.equal(kernel?.hop, 'kernel');
  assert.deepEqual([kernel?.seen, kernel?.lost], [100n, 3n]);
  assert.deepEqual(
    kernel?.losses.map(({ kind, count }) => `${count} ${kind}`),
    ['2 connection', '1 table full', '5 left out: fragments'],
  );
  assert.deepEqual([exporter?.hop, exporter?.seen, exporter?.lost], ['exporter', 0n, 0n]);
});

test('a missing right is told with its mend, and a check that only helps is no obstacle', () => {
  const right = {
    check: 'rights',
    isRequired: true,
    ok: false,
    detail: 'this process may not load',
    mend: 'run as root',
  };
  const help = { check: 'cgroups', isRequired: false, ok: false, detail: 'cgroup v2 is not mounted', mend: 'mount it' };
  const obstacle = obstacleOf({ ok: false, findings: [right, help] });
  assert.deepEqual(obstacle, { why: 'this process may not load', mend: 'run as root' });
  assert.equal(obstacleOf({ ok: true, findings: [help] }), undefined);
  const notice = replayNotice('a shop', 'demo-node', obstacle);
  assert.match(
    notice.text,
    /not live.*"a shop".*demo-node.*because nothing can be captured here: this process may not/,
  );
  assert.equal(notice.mend, 'Run as root.');
});

test('each missing part of capture has a notice of its own, with the reason and a mend', () => {
  const notices = featureNotices([
    { name: 'connections', enabled: true },
    { name: 'drops', enabled: false, reason: 'no BTF\nverifier words' },
  ]);
  assert.deepEqual(
    notices.map(({ key, text }) => [key, text]),
    [['feature-drops', 'Packets that the kernel drops are not seen: no BTF.']],
  );
  assert.match(notices[0]?.mend ?? '', /5\.17/);
});

test('an exporter that plays a recording says so over gRPC, and sends map questions to a relay', async () => {
  const recording = join(folder, 'one.plx');
  await writeRecording(recording, 'a shop', 'demo-node', (async function* () {})());
  const exporter = await startExporter({ listen: '127.0.0.1:0', nodeName: 'node-1', replay: recording });
  const client = new Client(exporter.address, credentials.createInsecure());
  try {
    const { getStatus, getServiceMap } = DashboardDefinition.methods;
    const asked = await new Promise<Status>((resolve, reject) => {
      const method = toMethodDefinition(DashboardDefinition.fullName, getStatus);
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        GetStatusRequest.create(),
        (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
      );
    });
    assert.deepEqual(
      asked.notices.map(({ key }) => key),
      ['replay'],
    );
    assert.equal(asked.nodes[0]?.address, exporter.address);
    assert.deepEqual(
      asked.coverage.map(({ hop }) => hop),
      ['exporter'],
    );
    const refused = await new Promise<number | undefined>((resolve) => {
      const method = toMethodDefinition(DashboardDefinition.fullName, getServiceMap);
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        GetServiceMapRequest.create(),
        (error) => resolve(error?.code),
      );
    });
    assert.equal(refused, status.UNIMPLEMENTED);
  } finally {
    client.close();
    await exporter.stop();
  }
});
