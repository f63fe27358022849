import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CUT, HIDDEN, readArguments, redactArguments } from './process-arguments.ts';

const told = (...words: string[]) => redactArguments(['program', ...words]);

/** Ways in which programs are given secrets. */
const spellings: readonly ((secret: string) => string[])[] = [
  (secret) => ['--password', secret],
  (secret) => [`--password=${secret}`],
  (secret) => ['-password', secret],
  (secret) => [`--db.root-password=${secret}`],
  (secret) => ['-p', secret],
  (secret) => [`-p${secret}`],
  (secret) => ['-a', secret, 'PING'],
  (secret) => ['-u', `user:${secret}`],
  (secret) => ['--user', `user:${secret}@host`],
  (secret) => ['-H', `Authorization: Bearer ${secret}`],
  (secret) => ['-H', `authorization:Basic ${secret}`],
  (secret) => ['--header', `X-Api-Key: ${secret}`],
  (secret) => ['-H', `Cookie: theme=dark; sid=${secret}`],
  (secret) => ['-e', `DB_PASSWORD=${secret}`],
  (secret) => [`AWS_SECRET_ACCESS_KEY=${secret}`, 'run'],
  (secret) => ['--api_key', secret],
  (secret) => [`--githubToken=${secret}`],
  (secret) => [`postgres://app:${secret}@db:5432/shop`],
  (secret) => [`--url=amqp://app:${secret}@mq/`],
  (secret) => [`app:${secret}@tcp(127.0.0.1:3306)/shop`],
  (secret) => [`https://shop/hook?signature=${secret}&x=1`],
  (secret) => [`https://shop/hook?q=${secret}`],
  (secret) => ['host=db user=app', `password=${secret} port=5432`],
  (secret) => [`host=db password='${secret}' dbname=x`],
  (secret) => ['-c', `mysql -uroot -p${secret} shop`],
  (secret) => ['host', `mysql --password ${secret} shop`],
  (secret) => ['host', `curl -H "Authorization: Bearer ${secret}" http://x/`],
  (secret) => ['-d', `{"pin":"${secret}"}`],
  (secret) => ['--data-raw', `a=${secret}`],
  (secret) => [`{"token": "${secret}"}`],
];

describe('arguments of a process', () => {
  test('a secret is not told, however it is given', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9!$%+/?#,.-]{1,30}$/).map((text) => `x7${text}Q`);
    fc.assert(
      fc.property(secret, fc.constantFrom(...spellings), fc.nat(3), (text, spell, before) => {
        const words = told(...Array.from({ length: before }, (_, i) => `file${i}`), ...spell(text));
        assert.ok(
          !words.join('\n').includes(text),
          `${JSON.stringify(spell(text))} is told as ${JSON.stringify(words)}`,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('what is no secret is told as it is', () => {
    const plain = [
      ...[
        'serve',
        '--port',
        '8080',
        '-port=8080',
        '--log-level=debug',
        '-v',
        '/etc/nginx/nginx.conf',
        '-jar',
        'app.jar',
      ],
      ...[
        '-Xmx512m',
        '--listen',
        '0.0.0.0:9000',
        'http://shop.svc:8080/healthz',
        '--workers=4',
        '-c',
        '/etc/redis.conf',
      ],
    ];
    assert.deepEqual(told(...plain), plain);
  });

  test('the name of the secret and what stands around it stay', () => {
    assert.deepEqual(told('--password=a', '--token', 'b', 'file'), [`--password=${HIDDEN}`, '--token', HIDDEN, 'file']);
    assert.deepEqual(told('postgres://app:b@db/shop?sslmode=require'), [
      `postgres://${HIDDEN}@db/shop?sslmode=${HIDDEN}`,
    ]);
    assert.deepEqual(told('-H', 'Authorization: Bearer b'), ['-H', `Authorization: ${HIDDEN}`]);
  });

  test('any words are read in bounded output, without control characters', () => {
    const word = fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.stringMatching(/^[-a:="' @/?&.]{0,40}$/));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), (words) => {
        const shown = redactArguments(words);
        assert.ok(shown.length <= 33 && shown.every((one) => one.length <= 257));
        assert.ok(!/[\p{Cc}\u202e]/u.test(shown.join('')));
      }),
      { numRuns: 300 },
    );
  });

  test('more arguments, and longer ones, are said to be cut', () => {
    const many = told(...Array.from({ length: 40 }, (_, i) => `file${i}`));
    assert.deepEqual([many.length, many.at(-1)], [33, CUT]);
    assert.deepEqual(
      told('y'.repeat(19).concat(' ').repeat(20)).map((word) => [word.length, word.at(-1)]),
      [[257, CUT]],
    );
  });

  test('a command line is read from its file, the part of an argument at its bound left out', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parallax-arguments-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'cmdline');
    writeFileSync(file, 'nginx\0-c\0/etc/nginx.conf\0');
    assert.deepEqual(readArguments(file), ['nginx', '-c', '/etc/nginx.conf']);
    writeFileSync(file, `program\0first\0${'--password='.padEnd(20_000, 's')}\0`);
    assert.deepEqual(readArguments(file), ['program', 'first', CUT]);
    assert.equal(readArguments(join(folder, 'none')), undefined);
  });
});
