import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askControl, parseBurst, serveControl } from './control.ts';

const outcome = { sent: 7, answered: 6, unanswered: 1, statuses: { 200: 6 } };

test('a burst asked over the socket is answered with what was sent and what came back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'control-'));
  const path = join(folder, 'control.sock');
  const server = serveControl(path, async ({ from, to, requests }) => {
    if (to === 'shop/cart') throw new Error(`no edge ${from} -> ${to}`);
    return { ...outcome, sent: requests };
  });
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  assert.deepEqual(await askControl(path, { from: 'shop/web', to: 'shop/catalog', requests: 7 }), outcome);
  const refused = askControl(path, { from: 'shop/web', to: 'shop/cart', requests: 1 });
  await assert.rejects(refused, /no edge shop\/web -> shop\/cart/);
});

test('without a demo the asker is told how to start one', async () => {
  const asked = askControl('/nonexistent/control.sock', { from: 'a/b', to: 'c/d', requests: 1 });
  await assert.rejects(asked, /no demo answers at \/nonexistent\/control\.sock: 'parallax demo up' starts one/);
});

test('a burst of no, half or too many requests is refused with its value', () => {
  for (const requests of [0, 1.5, -3, 100_001, '5', null]) {
    const line = JSON.stringify({ from: 'a/b', to: 'c/d', requests });
    assert.throws(() => parseBurst(line), /not a whole number from 1 to 100000/, line);
  }
  assert.throws(() => parseBurst('{"to": "c/d", "requests": 1}'), /'from' and 'to' are workloads/);
  assert.throws(() => parseBurst('[]x'), SyntaxError);
});
