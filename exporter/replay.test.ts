import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeRecording } from '#observer/recording.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { startReplay } from './replay.ts';

const folder = mkdtempSync(join(tmpdir(), 'parallax-replay-'));
after(() => rmSync(folder, { recursive: true }));

function flowAt(seconds: number): Uint8Array {
  const time = { seconds: BigInt(seconds), nanos: 250 };
  return GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({
      time,
      nodeName: 'n',
      responseTypes: { $case: 'flow', value: { time, uuid: String(seconds) } },
    }),
  ).finish();
}

test('flows come at their recorded distances, with their times moved to the present', async () => {
  const path = join(folder, 'three.plx');
  await writeRecording(
    path,
    'three flows',
    'n',
    (async function* () {
      for (const seconds of [100, 101, 105]) yield flowAt(seconds);
    })(),
  );
  let clockNs = 5_000_000_000_000_000_000n;
  const waits: number[] = [];
  const played: GetFlowsResponse[] = [];
  const replay = await startReplay({
    path,
    loop: false,
    append: (bytes) => played.push(GetFlowsResponse.decode(bytes)),
    onError: assert.fail,
    now: () => clockNs,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      clockNs += BigInt(milliseconds) * 1_000_000n;
    },
  });
  await replay.ended;
  assert.deepEqual(waits.slice(0, 2), [1000, 4000]);
  assert.deepEqual(
    played.map((message) => message.time?.seconds),
    [5_000_000_000n, 5_000_000_001n, 5_000_000_005n],
  );
  const first = played[0]?.responseTypes;
  assert.equal(first?.$case === 'flow' ? first.value.time?.seconds : undefined, 5_000_000_000n);
});

test('a stopped replay ends while it waits for the next flow', async () => {
  const path = join(folder, 'long.plx');
  await writeRecording(
    path,
    '',
    '',
    (async function* () {
      for (const seconds of [0, 100_000]) yield flowAt(seconds);
    })(),
  );
  const replay = await startReplay({ path, append: () => undefined, onError: assert.fail });
  await replay.stop();
});
