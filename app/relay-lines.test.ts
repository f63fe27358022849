import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchEvents } from './relay-client.ts';
import { relayLines } from './relay-lines.ts';

const ended = { code: 'OK', httpStatus: 200, text: 'the relay ended the stream', retry: true };
const refused = { code: 'INVALID_ARGUMENT', httpStatus: 400, text: 'cel: no such field', retry: false };

/** A call whose events the test tells. */
function callDouble() {
  const said: { events?: WatchEvents; cancelled: number; paused: number } = { cancelled: 0, paused: 0 };
  const open = (events: WatchEvents) => {
    said.events = events;
    return { pause: () => said.paused++, resume: () => undefined, cancel: () => said.cancelled++ };
  };
  return { said, open };
}

const asText = (message: Uint8Array) => `${new TextDecoder().decode(message)}\n`;
const bytes = (text: string) => new TextEncoder().encode(text);

test('a question that the relay refuses is refused before any body', async () => {
  const { said, open } = callDouble();
  const answer = relayLines({ open, head: 'head\n', lines: asText, signal: new AbortController().signal });
  said.events?.onEnd(refused);
  await assert.rejects(answer, /cel: no such field/);
});

test('lines follow the head, and no flows are an answer too', async () => {
  const { said, open } = callDouble();
  const answer = relayLines({ open, head: 'head\n', lines: asText, signal: new AbortController().signal });
  said.events?.onMessage(bytes('one'));
  said.events?.onEnd(ended);
  assert.equal(await new Response(await answer).text(), 'head\none\n');
  const none = callDouble();
  const empty = relayLines({ ...none, head: '', lines: asText, signal: new AbortController().signal });
  none.said.events?.onEnd(ended);
  assert.equal(await new Response(await empty).text(), '');
});

test('a relay that breaks off breaks the body off, so that half a file is not taken for a whole one', async () => {
  const { said, open } = callDouble();
  const answer = relayLines({ open, head: '', lines: asText, signal: new AbortController().signal });
  said.events?.onMessage(bytes('one'));
  said.events?.onEnd({ ...refused, text: 'connection lost' });
  const body = await answer;
  await assert.rejects(new Response(body).text(), /connection lost/);
});

test('a call that the relay has taken is answered at once, however long its first line takes', async () => {
  const { said, open } = callDouble();
  const answer = relayLines({ open, head: '', lines: asText, signal: new AbortController().signal });
  said.events?.onOpen?.();
  const body = await answer;
  said.events?.onMessage(bytes('one'));
  said.events?.onEnd(ended);
  assert.equal(await new Response(body).text(), 'one\n');
});

test('a reader who goes ends the call; one who is slow pauses it; a line that cannot be written ends the body', async () => {
  const gone = new AbortController();
  const first = callDouble();
  const left = relayLines({ ...first, head: '', lines: asText, signal: gone.signal });
  gone.abort();
  assert.equal(first.said.cancelled, 1);
  assert.equal(await new Response(await left).text(), '');
  const second = callDouble();
  void relayLines({ ...second, head: '', lines: asText, signal: new AbortController().signal });
  second.said.events?.onMessage(new Uint8Array(300 * 1024));
  assert.equal(second.said.paused, 1);
  const third = callDouble();
  const unwritable = () => {
    throw new Error('no');
  };
  const broken = relayLines({ ...third, head: '', lines: unwritable, signal: new AbortController().signal });
  third.said.events?.onMessage(bytes('one'));
  assert.equal(third.said.cancelled, 1);
  const body = await broken;
  await assert.rejects(new Response(body).text(), /cannot be written/);
});
