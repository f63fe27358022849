import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observeCommands } from './observe-commands.ts';

test('a live view follows, a chosen time has its two ends', () => {
  const live = observeCommands('verdict:dropped', { lastSeconds: 300, isLive: true });
  assert.equal(live.parallax, 'parallax observe --filter=verdict:dropped --since 5m --follow');
  assert.equal(live.hubble, 'hubble observe --verdict DROPPED --since 5m --follow');
  const range = { fromMs: 1_700_000_000_000, toMs: 1_700_000_060_500 };
  assert.equal(
    observeCommands('', { range }).hubble,
    'hubble observe --since 2023-11-14T22:13:20Z --until 2023-11-14T22:14:20.500Z',
  );
});

test('a filter from a link cannot leave its word, and one that cannot be read gives no command', () => {
  const { parallax, hubble } = observeCommands(`http.path:"/x'; rm -rf ~; '"`, { lastSeconds: 60, isLive: false });
  for (const command of [parallax, hubble]) assert.match(command, /^\w+ observe (?:--http-path )?'.*' --since 1m$/);
  assert.throws(() => observeCommands('colour:red', { lastSeconds: 60, isLive: false }), /no key/);
});
