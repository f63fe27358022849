import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetView, MOST_VIEWS, savedViews, saveView } from './saved-views.ts';

function storageDouble(text: string | null = null) {
  let held = text;
  return {
    getItem: () => held,
    setItem: (_key: string, value: string) => {
      held = value;
    },
  };
}

test('a view is found by its name, newest first, until it is forgotten', () => {
  const storage = storageDouble();
  saveView('drops', '/flows?q=verdict:dropped', storage);
  saveView('shop', '/flows?q=namespace:shop', storage);
  saveView('drops', '/flows?q=verdict:dropped&window=900', storage);
  assert.deepEqual(
    savedViews(storage).map(({ name, path }) => [name, path]),
    [
      ['drops', '/flows?q=verdict:dropped&window=900'],
      ['shop', '/flows?q=namespace:shop'],
    ],
  );
  forgetView('drops', storage);
  assert.deepEqual(
    savedViews(storage).map(({ name }) => name),
    ['shop'],
  );
});

test('what is in the storage is not trusted: only paths of this page are views', () => {
  const paths = ['//evil.example/', '/\\evil.example', 'javascript:alert(1)', 'https://evil.example', '', '/flows'];
  const storage = storageDouble(JSON.stringify([...paths.map((path) => ({ name: 'x', path })), null, 3, { name: 1 }]));
  assert.deepEqual(savedViews(storage), [{ name: 'x', path: '/flows' }]);
  for (const text of ['{', '{}', 'null', '7']) assert.deepEqual(savedViews(storageDouble(text)), []);
});

test('the oldest views leave at the bound, and a browser that keeps nothing is said to', () => {
  const storage = storageDouble();
  for (let number = 0; number <= MOST_VIEWS; number++) saveView(`view ${number}`, '/flows', storage);
  const names = savedViews(storage).map(({ name }) => name);
  assert.deepEqual([names.length, names[0], names.includes('view 0')], [MOST_VIEWS, `view ${MOST_VIEWS}`, false]);
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  assert.match(saveView('a', '/flows', full), /keeps nothing/);
});
