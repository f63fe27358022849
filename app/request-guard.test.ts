import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalOf } from './request-guard.ts';

const from = (entries: Record<string, string>) => new Headers(entries);

test('loopback by name and by address is admitted', () => {
  for (const host of ['localhost:12000', '127.0.0.1:12000', '127.8.8.8', '[::1]:80'])
    assert.equal(refusalOf(from({ host })), undefined, host);
});

test("a foreign name that was made to point here is refused, and so is another site's page", () => {
  assert.match(refusalOf(from({ host: 'evil.example:12000' })) ?? '', /PARALLAX_HOSTS/);
  assert.match(refusalOf(from({ host: '127.0.0.1.evil.example' })) ?? '', /PARALLAX_HOSTS/);
  assert.match(refusalOf(from({ host: 'localhost:12000', origin: 'http://evil.example' })) ?? '', /other sites/);
  assert.match(refusalOf(from({ host: 'localhost:12000', origin: 'null' })) ?? '', /other sites/);
});

test('hosts that the operator names are admitted', () => {
  assert.equal(refusalOf(from({ host: 'flows.corp', origin: 'https://flows.corp' }), 'other, flows.corp'), undefined);
});
