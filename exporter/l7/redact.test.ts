import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_REDACTION, redactHeaders, redactRedis, redactSql, redactUrl, sqlVerb } from './redact.ts';

const url = (text: string) => redactUrl(text, DEFAULT_REDACTION);
const sql = (text: string) => redactSql(text, DEFAULT_REDACTION);

test('URL: names of query parameters stay, values, user info and fragment go', () => {
  assert.equal(url('http://u:p@shop/a?q=secret&x=1&&token#f'), 'http://shop/a?q=REDACTED&x=REDACTED&&REDACTED');
  assert.equal(url('/plain'), '/plain');
  assert.equal(redactUrl('/a?q=1', { ...DEFAULT_REDACTION, urlQuery: false }), '/a?q=1');
});

test('headers: only those allowed are kept, and credentials not even then', () => {
  const rules = { ...DEFAULT_REDACTION, headers: new Set(['authorization', 'server']) };
  const fields = new Map([
    ['server', 'nginx'],
    ['cookie', 'a=b'],
    ['authorization', 'Bearer x'],
  ]);
  assert.deepEqual(redactHeaders(fields, rules), [
    { key: 'authorization', value: 'REDACTED' },
    { key: 'server', value: 'nginx' },
  ]);
});

test('SQL: literals of every kind become a question mark, identifiers and parameters stay', () => {
  assert.equal(
    sql("SELECT a1, \"b 2\" FROM t WHERE x='it''s' AND y = $1"),
    'SELECT a1, "b 2" FROM t WHERE x=? AND y = $1',
  );
  assert.equal(
    sql("INSERT INTO t VALUES (1.5, -2e10, E'a\\'b', $$ body $$, $x$ a $$ b $x$)"),
    'INSERT INTO t VALUES (?, -?, ?, ?, ?)',
  );
  assert.equal(sql('SELECT 1 -- secret\n /* secret */ FROM t'), 'SELECT ? FROM t');
  assert.equal(sql("ALTER USER a PASSWORD 'cut by the capt"), 'ALTER USER a PASSWORD ?');
  assert.equal(sql('DO $$ cut by the capt'), 'DO ?');
});

test('SQL: whatever stands in quotes never leaves', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string({ minLength: 1 }).filter((text) => !/['\\]/.test(text)),
      (before, secret) => {
        const clean = before.replace(/['"$\\\-/*]/g, '');
        assert.ok(!sql(`${clean} '«${secret}»' x`).includes(`«${secret}»`));
      },
    ),
    { numRuns: 300 },
  );
});

test('SQL verbs are found past comments and WITH', () => {
  assert.equal(sqlVerb('/* app */ select 1'), 'SELECT');
  assert.equal(sqlVerb('-- c\n(SELECT 1)'), 'SELECT');
  assert.equal(sqlVerb('WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x'), 'INSERT');
  assert.equal(sqlVerb('12'), 'SQL');
});

test('redis: arguments are hidden, subcommands are part of the name, keys are shown only on request', () => {
  assert.deepEqual(redactRedis(['set', 'k', 'v'], 2, DEFAULT_REDACTION), { name: 'SET', detail: '? ?' });
  assert.equal(redactRedis(['config', 'set', 'requirepass', 'x'], 3, DEFAULT_REDACTION).detail, '? ?');
  const shown = { ...DEFAULT_REDACTION, redisKeys: true };
  assert.equal(redactRedis(['GET', 'user:1'], 1, shown).detail, 'user:1');
  assert.equal(redactRedis(['AUTH', 'secret'], 1, shown).detail, '?');
  assert.equal(redactRedis(['MGET'], 20, DEFAULT_REDACTION).detail, '? ? ? ? ? ? ? ? …');
});
