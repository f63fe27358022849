// For tests: what clients and servers of four protocols say to one another, requests first, with all that makes a message
// hard to find: bodies that look like messages, chunks, interim answers, pushes, rows.
import type { L7Hint } from '../l7-event.ts';

export interface Dialogue {
  readonly hint: L7Hint;
  /** Answers to `requests`, all of them sent before the first. */
  readonly requests: Buffer;
  readonly responses: Buffer;
  readonly said: readonly string[];
}

export const command = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
export const pg = (type: string, body: Buffer | string = '') => {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
};
const dns = (id: number, flags: number, name: string) => {
  const question = Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0, 0, 1, 0, 1),
  ]);
  const message = Buffer.concat([Buffer.of(0, id, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0), question]);
  return Buffer.concat([Buffer.of(0, message.length), message]);
};

const http: Dialogue = {
  hint: 'http1',
  requests: Buffer.from(
    [
      'GET /a HTTP/1.1\r\nHost: shop\r\n\r\n',
      `POST /b HTTP/1.1\r\nHost: shop\r\nContent-Length: 400\r\n\r\n${'GET /x HTTP/1.1\r\n\r\n'.repeat(20)}${'y'.repeat(20)}`,
      'HEAD /c HTTP/1.1\r\nHost: shop\r\n\r\n',
      'PUT /d HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00\r\nTrailer: t\r\n\r\n',
      'GET /e HTTP/1.1\r\nHost: shop\r\n\r\n',
    ].join(''),
  ),
  responses: Buffer.from(
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 18\r\n\r\nHTTP/1.1 500 Bad\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n',
      'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\n\r\n',
    ].join(''),
  ),
  said: ['GET /a 200', 'POST /b 201', 'HEAD /c 200', 'PUT /d 404', 'GET /e 304'].flatMap((line, index) => {
    const [method, path, code] = line.split(' ');
    const url = `${method} http://shop${path}`;
    return [`request ${index + 1} ${url} 0`, `response ${index + 1} ${url} ${code}`];
  }),
};

const redis: Dialogue = {
  hint: 'redis',
  requests: Buffer.from(
    [
      command('SET', 'k', command('DEL', 'all').repeat(40)),
      command('MGET', 'k', 'l'),
      'PING\r\n',
      command('LPUSH', 'k', 'x'),
      command('MSET', 'a', 'v'.repeat(300), 'b', 'w'.repeat(300)),
      command('HGETALL', 'h'),
      command('GET', 'none'),
    ].join(''),
  ),
  responses: Buffer.from(
    [
      '+OK\r\n',
      `*3\r\n$5\r\n+OK\r\n\r\n$-1\r\n*2\r\n:1\r\n*0\r\n`,
      '+PONG\r\n',
      '-WRONGTYPE Operation\r\n',
      `>2\r\n+message\r\n$300\r\n${'m'.repeat(300)}\r\n+OK\r\n`,
      '|1\r\n+ttl\r\n:3\r\n%2\r\n+a\r\n|1\r\n+b\r\n+c\r\n,1.5\r\n+d\r\n_\r\n',
      '!9\r\nBUSY busy\r\n',
    ].join(''),
  ),
  said: [
    'SET [? ?] OK',
    'MGET [? ?] OK',
    'PING [] OK',
    'LPUSH [? ?] WRONGTYPE',
    'MSET [? ? ? ?] OK',
    'HGETALL [?] OK',
    'GET [?] BUSY',
  ].flatMap((line, index) => [`request ${index + 1} ${line.replace(/\w+$/, '')}`, `response ${index + 1} ${line}`]),
};

const postgresql: Dialogue = {
  hint: 'postgresql',
  requests: Buffer.concat([
    Buffer.from('\0\0\0\x08\x04\xd2\x16\x2f', 'latin1'),
    Buffer.from('\0\0\0\x13\0\x03\0\0user\0app\0\0\0', 'latin1'),
    pg('Q', `INSERT INTO t VALUES ('${'Q\0\0\0'.repeat(100).replaceAll('\0', 'x')}')\0`),
    ...[pg('P', '\0SELECT a FROM b\0\0\0'), pg('B', '\0\0\0\0\0\0\0\0'), pg('E', '\0\0\0\0\0'), pg('S')],
    pg('Q', 'COPY t FROM STDIN\0'),
    pg('d', Buffer.alloc(700, 'Q')),
    pg('c'),
    pg('Q', 'DELETE FROM gone\0'),
  ]),
  responses: Buffer.concat([
    ...[Buffer.from('N'), pg('R', '\0\0\0\0'), pg('S', 'a\0b\0'), pg('Z', 'I')],
    ...[pg('C', 'INSERT 0 1\0'), pg('Z', 'I')],
    ...[pg('1'), pg('2'), pg('D', Buffer.alloc(900, 'C')), pg('C', 'SELECT 1\0'), pg('Z', 'I')],
    ...[pg('G', '\0\0\0'), pg('C', 'COPY 1\0'), pg('Z', 'I')],
    ...[pg('E', 'SERROR\0C42P01\0Mno such table\0\0'), pg('Z', 'I')],
  ]),
  said: [
    'INSERT [INSERT INTO t VALUES (?)] OK',
    'SELECT [SELECT a FROM b] OK',
    'COPY [COPY t FROM STDIN] OK',
    'DELETE [DELETE FROM gone] 42P01',
  ].flatMap((line, index) => [`request ${index + 1} ${line.replace(/\w+$/, '')}`, `response ${index + 1} ${line}`]),
};

const names = ['a.shop', 'b.shop', 'c.shop'];
const dnsOverTcp: Dialogue = {
  hint: 'dns',
  requests: Buffer.concat(names.map((name, index) => dns(index, 1, name))),
  responses: Buffer.concat(names.map((name, index) => dns(index, 0x81, name))),
  said: names.flatMap((name, index) => [`request ${index + 1} ${name}. 0 `, `response ${index + 1} ${name}. 0 `]),
};

export const dialogues = { http, redis, postgresql, dnsOverTcp };
