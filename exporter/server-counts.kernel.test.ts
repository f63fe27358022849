import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { kernelTestsImpossible, type Pod, Pods, runIn } from './kernel/testing/pods.ts';
import { eventually } from './kernel/testing/recorder.ts';
import {
  linesOf,
  postgresBinary,
  type RealServer,
  runInPod,
  startDnsmasq,
  startNginx,
  startPostgres,
  startRedis,
} from './kernel/testing/servers.ts';
import type { L7Event } from './l7/l7-event.ts';
import { type Counts, converse, cut, dnsClient, randomNumbers, sorted, Told, tally } from './testing/told-messages.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const HTTP = 21_101;
const REDIS = 21_102;
const POSTGRESQL = 21_103;
const DNS = 53;
const UPSTREAM = 21_105;
const CONNECTIONS = 4;

/** How a client writes its pipeline: all at once, in pieces of some segments, in pieces of a few bytes. */
const writings = [
  { title: 'all at once', most: 1 << 22, messages: 250 },
  { title: 'in pieces of up to 3000 bytes', most: 3000, messages: 250 },
  { title: 'in pieces of up to 60 bytes', most: 60, messages: 60 },
];

const http = ({ message }: L7Event) =>
  message.protocol === 'http'
    ? `${message.method} ${message.url.replace(/^http:\/\/[^/]+/, '').replace(/\?.*/, '')}`
    : '';
const code = ({ message }: L7Event) => (message.protocol === 'http' ? String(message.code) : '');
const operation = ({ message }: L7Event) => ('name' in message ? message.name : '');
const outcome = ({ message }: L7Event) => ('status' in message ? message.status : '');

describe('what packets tell equals what the servers count', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;
  const told = new Told();

  before(async () => {
    pods = new Pods(98);
    client = pods.add();
    server = pods.add();
    await told.start(pods.veths);
  });

  after(async () => {
    await told.capture?.stop();
    pods.remove();
  });

  describe('nginx, pipelined', () => {
    let nginx: RealServer;

    before(async () => {
      nginx = await startNginx(
        server,
        `server { listen ${HTTP};
           location /ok { return 200 "fine"; } location /gone { return 410; } location /moved { return 301 /ok; }
           location = /status { stub_status; access_log off; } }`,
      );
      for (const size of [10, 5000, 60_000]) writeFileSync(`${nginx.folder}/f${size}`, randomBytes(size));
    });

    after(() => nginx.stop());

    /** Of stub_status, asked within the server's pod: the question is one of them. */
    async function served(): Promise<number> {
      const status = await runInPod(server, ['curl', '-s', `http://127.0.0.1:${HTTP}/status`]);
      return Number(/\n +\d+ \d+ (\d+)/.exec(status)?.[1]);
    }

    const end = 'HTTP/1.1\r\nHost: shop\r\n';
    const small = [
      `GET /ok?q=1 ${end}\r\n`,
      `GET /gone ${end}User-Agent: a\r\n\r\n`,
      `HEAD /f5000 ${end}\r\n`,
      `GET /f10 ${end}\r\n`,
      `POST /ok ${end}Content-Length: 300\r\n\r\n${'GET /no HTTP/1.1\r\n\r\n'.repeat(15)}`,
      `POST /ok ${end}Transfer-Encoding: chunked\r\n\r\n64\r\n${'h'.repeat(100)}\r\n0\r\n\r\n`,
    ];
    const large = [
      `GET /f5000 ${end}\r\n`,
      `GET /moved ${end}Cookie: ${'c'.repeat(6000)}\r\n\r\n`,
      `POST /ok ${end}Content-Length: 20000\r\n\r\n${'P'.repeat(20_000)}`,
      `GET /f60000 ${end}\r\n`,
    ];

    for (const { title, most, messages } of writings) {
      for (const [size, kinds] of Object.entries({ small, large: [...small, ...large] })) {
        test(`${size} messages, written ${title}: stub_status and the access log`, async () => {
          const random = randomNumbers(messages + most);
          const before = { served: await served(), log: linesOf(nginx, 'access.log').length };
          told.forget();
          const stream = () => {
            const requests = [
              small[0],
              small[1],
              ...Array.from({ length: messages }, () => kinds[random(kinds.length)]),
            ];
            return cut(Buffer.from(`${requests.join('')}GET /ok ${end}Connection: close\r\n\r\n`), most, random);
          };
          const streams = Array.from({ length: CONNECTIONS }, stream);
          await converse(client, { host: server.address, port: HTTP, streams });
          const count = (await served()) - before.served - 1;
          assert.equal(count, CONNECTIONS * (messages + 3));
          await told.answers(HTTP, count);
          const log = linesOf(nginx, 'access.log').slice(before.log);
          const column = (from: number, to: number) =>
            tally(log.map((line) => line.split(' ').slice(from, to).join(' ')));
          const targets = tally(log.map((line) => line.replace(/\?\S*/, '').split(' ').slice(0, 2).join(' ')));
          assert.deepEqual(told.words(HTTP, 'request', http), targets);
          assert.deepEqual(told.words(HTTP, 'response', http), targets);
          assert.deepEqual(told.words(HTTP, 'response', code), column(2, 3));
        });
      }
    }

    test('keep-alive without pipelining: stub_status', async () => {
      const before = await served();
      told.forget();
      await runIn(
        client.namespace,
        `const http = require('node:http'); const agent = new http.Agent({ keepAlive: true, maxSockets: 8 }); let left = 1000;
         const paths = ['/ok', '/f5000', '/gone', '/f60000'];
         for (let i = 0; i < 1000; i++) http.request({ agent, host: '${server.address}', port: ${HTTP}, path: paths[i % 4],
           method: i % 4 === 0 ? 'POST' : 'GET' }, (r) => { r.resume(); r.on('end', () => { if (--left === 0) agent.destroy(); }); })
           .end(i % 4 === 0 ? 'b'.repeat(5000) : undefined);`,
      );
      await told.answers(HTTP, 1000);
      assert.equal((await served()) - before - 1, 1000);
      assert.deepEqual(told.words(HTTP, 'response', http), {
        'GET /f5000': 250,
        'GET /f60000': 250,
        'GET /gone': 250,
        'POST /ok': 250,
      });
    });
  });

  describe('Redis', () => {
    let redis: RealServer;

    before(async () => {
      redis = await startRedis(server, REDIS);
    });

    after(() => redis.stop());

    const ask = (...words: string[]) => runInPod(server, ['redis-cli', '-p', String(REDIS), ...words]);

    async function section(name: string, line: RegExp): Promise<Counts> {
      const found = (await ask('INFO', name)).matchAll(line);
      return Object.fromEntries(
        [...found].map(([, key = '', ...figures]) => [
          key.replace('|', ' ').toUpperCase(),
          figures.reduce((sum, figure) => sum + Number(figure), 0),
        ]),
      );
    }

    /** Calls by command, and errors by word. A command that Redis does not know has an error alone. */
    async function figures(): Promise<{ calls: Counts; errors: Counts }> {
      const calls = await section('commandstats', /^cmdstat_([^:]+):calls=(\d+).*rejected_calls=(\d+)/gm);
      delete calls.INFO;
      delete calls['CONFIG RESETSTAT'];
      return { calls, errors: await section('errorstats', /^errorstat_([^:]+):count=(\d+)/gm) };
    }

    const command = (...words: string[]) =>
      `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
    const small = [
      command('SET', 'k', 'v'.repeat(70)),
      command('get', 'k'),
      command('GET', 'none'),
      command('LPUSH', 'k', 'x'),
      command('MULTI') + command('INCR', 'n') + command('GET', 'k') + command('EXEC'),
      command('MULTI') + command('GET') + command('EXEC'),
      command('CONFIG', 'GET', 'max*'),
      command('RPUSH', 'list', 'a', 'b', 'c'),
      command('LRANGE', 'list', '0', '20'),
      command('NOSUCH', 'x'),
      'PING\r\n',
    ];
    const large = [
      command('SET', 'big', command('DEL', 'all').repeat(1500)),
      command('GET', 'big'),
      command('MGET', 'big', 'k', 'none', 'big'),
    ];

    for (const { title, most, messages } of writings) {
      test(`a pipeline with transactions, errors and large values, written ${title}: commandstats and errorstats`, async () => {
        const random = randomNumbers(messages + most);
        const kinds = most < 100 ? small : [...small, ...large];
        await ask('CONFIG', 'RESETSTAT');
        told.forget();
        let unknown = 0;
        const stream = () => {
          const commands = Array.from({ length: messages }, () => kinds[random(kinds.length)]);
          unknown += commands.filter((one) => one?.includes('NOSUCH')).length;
          const pipeline = [command('SET', 'first', 'value'), command('GET', 'first'), ...commands, command('QUIT')];
          return cut(Buffer.from(pipeline.join('')), most, random);
        };
        await converse(client, {
          host: server.address,
          port: REDIS,
          streams: Array.from({ length: CONNECTIONS }, stream),
        });
        const { calls, errors } = await figures();
        const count = Object.values(calls).reduce((sum, figure) => sum + figure, 0);
        await told.answers(REDIS, count + unknown);
        const { NOSUCH: asked, ...known } = told.words(REDIS, 'request', operation);
        const { NOSUCH: refused, ...answered } = told.words(REDIS, 'response', operation);
        assert.deepEqual(known, sorted(calls));
        assert.deepEqual(answered, known);
        assert.deepEqual([asked, refused], [unknown, unknown]);
        const { OK, ...failures } = told.words(REDIS, 'response', outcome);
        assert.ok((OK ?? 0) > 0);
        assert.deepEqual(failures, errors);
      });
    }

    for (const [title, options] of [
      ['sixteen at a time, values of 3 kB', ['-P', '16', '-d', '3000']],
      ['one at a time, values of 10 kB', ['-d', '10000']],
    ] as const) {
      test(`redis-benchmark, ${title}`, async () => {
        await ask('CONFIG', 'RESETSTAT');
        told.forget();
        const target = ['-h', server.address, '-p', String(REDIS), '-c', '8', '-n', '2000', '-t', 'set,get', '-q'];
        await runInPod(client, ['redis-benchmark', ...target, ...options]);
        const { calls } = await figures();
        await told.answers(
          REDIS,
          Object.values(calls).reduce((sum, figure) => sum + figure, 0),
        );
        assert.deepEqual(told.words(REDIS, 'response', operation), sorted(calls));
      });
    }
  });

  describe('PostgreSQL', () => {
    let postgres: RealServer;

    const sql = (text: string) => runInPod(server, [...psql('127.0.0.1'), '-f', '-'], text);

    function psql(host: string): string[] {
      return [postgresBinary('psql'), '-h', host, '-p', String(POSTGRESQL), '-U', 'postgres', '-AtqX'];
    }

    before(async () => {
      postgres = await startPostgres(server, POSTGRESQL);
      await sql(`CREATE EXTENSION pg_stat_statements; CREATE TABLE item(id int primary key, name text);
        INSERT INTO item SELECT g, repeat(chr(97 + g % 26), 50) FROM generate_series(1, 5000) g;`);
    });

    after(() => postgres.stop());

    /** Calls by verb, of statements that succeeded. */
    async function calls(): Promise<Counts> {
      const rows = await sql(`SELECT upper(substring(query from '^\\w+')), sum(calls) FROM pg_stat_statements
        WHERE query NOT LIKE '%pg_stat_statements%' GROUP BY 1 ORDER BY 1;`);
      const lines = rows.split('\n').filter((line) => line !== '');
      return sorted(Object.fromEntries(lines.map((line) => [line.split('|')[0], Number(line.split('|')[1])])));
    }

    async function reset(): Promise<void> {
      await sql('SELECT pg_stat_statements_reset();');
      told.forget();
    }

    const SELECT = 'SELECT name FROM item WHERE id = :id;';
    const UPDATE = "UPDATE item SET name = 'x' WHERE id = :id;";
    const scripts = {
      simple: `BEGIN;\n${SELECT}\n${UPDATE}\nCOMMIT;`,
      extended: `BEGIN;\n${SELECT}\nSELECT * FROM item WHERE id < 400;\n${UPDATE}\nCOMMIT;`,
      prepared: `${SELECT}\n${UPDATE}`,
      'extended, pipelined': `\\startpipeline\n${SELECT}\nSELECT * FROM item WHERE id < 200;\n${UPDATE}\n\\endpipeline`,
    };

    for (const [title, script] of Object.entries(scripts)) {
      test(`pgbench, ${title}: pg_stat_statements`, async () => {
        const file = `${postgres.folder}/script.sql`;
        writeFileSync(file, `\\set id random(1, 5000)\n${script}\n`);
        await reset();
        const target = ['-h', server.address, '-p', String(POSTGRESQL), '-U', 'postgres', '-n', '-c', '4', '-t', '50'];
        const mode = ['-M', title.split(',')[0] ?? '', '-f', file];
        await runInPod(client, [postgresBinary('pgbench'), ...target, ...mode, 'postgres']);
        const counted = await calls();
        const prepares = told.words(POSTGRESQL, 'request', operation).PREPARE ?? 0;
        await told.answers(POSTGRESQL, Object.values(counted).reduce((sum, figure) => sum + figure, 0) + prepares);
        const { PREPARE: _asked, ...asked } = told.words(POSTGRESQL, 'request', operation);
        const { PREPARE: _answered, ...answered } = told.words(POSTGRESQL, 'response', operation);
        assert.deepEqual(asked, counted);
        assert.deepEqual(answered, counted);
        assert.deepEqual(Object.keys(told.words(POSTGRESQL, 'response', outcome)), ['OK']);
      });
    }

    test('COPY both ways, long statements, large results and errors: pg_stat_statements and SQLSTATEs', async () => {
      const rows = Array.from({ length: 3000 }, (_, index) => `${index}\tQuery text number ${index}`);
      const script = [
        'SELECT * FROM item;',
        'SELECT 1/0;',
        'SELECT nocolumn FROM item;',
        'COPY item TO STDOUT;',
        'CREATE TEMP TABLE t(a int, b text);',
        `COPY t FROM STDIN;\n${rows.join('\n')}\n\\.`,
        'SELECT count(*) FROM t;',
        `INSERT INTO t VALUES (1, '${'y'.repeat(100_000)}');`,
        'SELECT b FROM t ORDER BY length(b) DESC LIMIT 2;',
        'DELETE FROM t;',
      ];
      await reset();
      await runInPod(client, [...psql(server.address), '-f', '-'], `${script.join('\n')}\n`);
      const counted = await calls();
      await told.answers(POSTGRESQL, script.length);
      assert.deepEqual(told.words(POSTGRESQL, 'response', outcome), { 22012: 1, 42703: 1, OK: script.length - 2 });
      const expected = { ...counted, SELECT: (counted.SELECT ?? 0) + 2 };
      assert.deepEqual(told.words(POSTGRESQL, 'request', operation), expected);
    });
  });

  test('dnsmasq over UDP and TCP, with aliases and names that do not exist: its own counts', async () => {
    const upstream = await startDnsmasq(server, [
      ...[`port=${UPSTREAM}`, 'listen-address=127.0.0.1', 'address=/up.example/10.1.1.1'],
      ...['cname=alias.far.example,real.far.example', 'host-record=real.far.example,10.1.1.2,300'],
    ]);
    const dnsmasq = await startDnsmasq(server, [
      ...[`port=${DNS}`, `listen-address=${server.address}`, `server=127.0.0.1#${UPSTREAM}`, 'log-queries'],
      ...['host-record=local.shop,10.1.1.3', 'cname=www.shop,local.shop', 'local=/shop/'],
    ]);
    try {
      told.forget();
      await runIn(client.namespace, dnsClient(server.address));
      await told.answers(DNS, 700 + 200);
      assert.deepEqual(
        told.words(DNS, 'request', ({ message }) => message.protocol),
        { dns: 900 },
      );
      // The children that answer over TCP do not add to the counts of their parent.
      dnsmasq.signal('SIGUSR1');
      const [, forwarded, local] = await eventually(
        'the counts',
        () => /queries forwarded (\d+), queries answered locally (\d+)/.exec(dnsmasq.output()) ?? undefined,
      );
      const { UDP } = told.words(DNS, 'request', () => 'UDP');
      assert.equal(UDP, 900);
      assert.equal(Number(forwarded) + Number(local), 700);
      const asked = await eventually('the log', () => {
        const lines = dnsmasq
          .output()
          .split('\n')
          .filter((line) => /: query\[/.test(line));
        return lines.length >= 900 && lines;
      });
      const names = tally(asked.map((line) => `${/query\[\w+\] (\S+)/.exec(line)?.[1]}.`));
      assert.deepEqual(
        told.words(DNS, 'response', ({ message }) => (message.protocol === 'dns' ? message.query : '')),
        names,
      );
    } finally {
      await dnsmasq.stop();
      await upstream.stop();
    }
  });
});
