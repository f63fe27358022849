// Edge semantics of single fields, and the bounds. The vectors of conformance.test.ts cover the common cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeepPartial, Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import { type Clause, clauseMatches } from './clause.ts';
import { compileFilters } from './compile.ts';
import { parseIpAddress, parseIpPrefix, prefixContains } from './ip-address.ts';
import { estimateProgramSize } from './pattern-size.ts';
import { loadCel, prepareFilters, usesCel } from './prepare.ts';
import { pathOfRequestUri } from './request-uri.ts';
import { foldedEquals, toLower, trimSpace } from './unicode.ts';

const cel = await loadCel();

function matches(filter: DeepPartial<FlowFilter>, flow: DeepPartial<Flow>): boolean {
  return compileFilters([FlowFilter.fromPartial(filter)], [], cel).matches(Flow.fromPartial(flow));
}

function refused(filter: DeepPartial<FlowFilter>, message: RegExp): void {
  assert.throws(() => matches(filter, {}), { name: 'FilterError', message });
}

test('an empty allow list admits all, an empty filter in a deny list nothing', () => {
  const flow = Flow.fromPartial({});
  const all = FlowFilter.fromPartial({});
  assert.equal(compileFilters([], []).matches(flow), true);
  assert.equal(compileFilters([], []).matchesAll, true);
  assert.equal(compileFilters([all], []).matchesAll, true);
  assert.equal(compileFilters([], [all]).matches(flow), false);
});

test('every clause answers for its part of a flow as for the whole flow', () => {
  const filter = FlowFilter.fromPartial({
    sourcePod: ['a/'],
    destinationIp: ['10.0.0.0/8'],
    nodeName: ['n*'],
    sourcePort: ['80'],
  });
  const [clauses = []] = compileFilters([filter], []).whitelist;
  const subjects = clauses.map((clause: Clause) => `${clause.on} ${clause.field}`);
  assert.deepEqual(subjects.toSorted(), [
    'address destinationIp',
    'endpoint sourcePod',
    'nodeName nodeName',
    'port sourcePort',
  ]);
  const flow = Flow.fromPartial({ source: { namespace: 'a' }, IP: { destination: '10.1.1.1' }, nodeName: 'n1' });
  assert.deepEqual(
    clauses.filter((clause) => !clauseMatches(clause, flow)).map(({ field }) => field),
    ['sourcePort'],
  );
});

test('an error names the field, the value, the rule and the way out', () => {
  refused({ sourceIp: ['10.0.0.1:80'] }, /^filter source_ip: "10\.0\.0\.1:80" is no IP address; write 10\.0\.0\.1/);
  refused({ httpStatusCode: ['6+'] }, /^filter http_status_code: "6\+" is no status code; write/);
  refused({ dnsQuery: ['(?=x)'] }, /^filter dns_query: .* is no RE2 regular expression/);
  refused(
    { sourceLabel: ['version>=2'] },
    /^filter source_label: "version>=2" is no label selector \(found "=" where a label value/,
  );
  refused({ eventType: [{ type: 1 }], httpPath: ['/'] }, /^filter event_type: 1 excludes HTTP/);
  refused({ sourceFqdn: ['x'.repeat(10_000).concat('?')] }, /^.{0,400}$/);
});

test('addresses are read as net/netip reads them', () => {
  for (const good of [
    '0.0.0.0',
    '::',
    '1::',
    '::1',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1:2:3:4:5:6:7::',
  ])
    assert.ok(parseIpAddress(good), good);
  for (const bad of [
    '',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%',
    '1.2.3.4%e',
    '1:2:3:4:5:6:7',
    ':1::',
    '1.2.3.4::',
  ])
    assert.equal(parseIpAddress(bad), undefined, bad);
  for (const bad of [
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    'fe80::%e/10',
    '10.0.0.0/8/8',
    '/8',
  ])
    assert.equal(parseIpPrefix(bad), undefined, bad);
});

test('a prefix contains addresses of its own family only', () => {
  const contains = (prefix: string, address: string) => {
    const parsed = { prefix: parseIpPrefix(prefix), address: parseIpAddress(address) };
    return parsed.prefix !== undefined && parsed.address !== undefined && prefixContains(parsed.prefix, parsed.address);
  };
  assert.ok(
    contains('10.0.0.77/8', '10.255.0.1') && contains('0.0.0.0/0', '1.2.3.4') && contains('fd00::/8', 'fdff::1'),
  );
  assert.ok(contains('255.255.255.254/31', '255.255.255.255') && !contains('255.255.255.254/32', '255.255.255.255'));
  assert.ok(
    !contains('10.0.0.0/8', '::ffff:10.0.0.1') &&
      !contains('::/0', '10.0.0.1') &&
      !contains('fe80::/10', 'fe80::1%eth0'),
  );
});

test('ports are cut to 16 bits and may have leading zeros', () => {
  const flow: DeepPartial<Flow> = { l4: { protocol: { $case: 'UDP', value: { sourcePort: 65_616 } } } };
  assert.equal(matches({ sourcePort: ['00080'] }, flow), true);
  for (const bad of ['65536', '-1', '+80', ' 80', '0x50', '8e1', '']) refused({ sourcePort: [bad] }, /is no port/);
});

test('text folds, lowers and trims as in Go', () => {
  assert.equal(toLower('\u0130STANBUL \u212A'), 'istanbul k');
  assert.equal(trimSpace('\u0085\u3000 a\u00a0\v'), 'a');
  assert.equal(trimSpace('\ufeffa'), '\ufeffa');
  assert.equal(foldedEquals('POST')('po\u017ft'), true);
  assert.equal(foldedEquals('a.c')('abc'), false);
});

test('the path of a request is the one url.ParseRequestURI finds', () => {
  const paths: readonly (readonly [uri: string, path: string | undefined])[] = [
    ['/a%2Fb?q=1', '/a/b'],
    ['/a#f', '/a#f'],
    ['*', '*'],
    ['?q=1', undefined],
    ['a/b', undefined],
    ['', undefined],
    ['/bad%zz', undefined],
    ['http://host', ''],
    ['http://user:pw@[::1]:80/x', '/x'],
    ['http://host:port/x', undefined],
    ['http://a b/x', undefined],
    ['mailto:a@b', ''],
    ['//host/x', '//host/x'],
    [':x', undefined],
    ['/a\u0001', undefined],
  ];
  for (const [uri, path] of paths) assert.equal(pathOfRequestUri(uri), path, uri);
});

test('labels are found by source, and a missing one satisfies only negations', () => {
  const flow: DeepPartial<Flow> = { source: { labels: ['k8s:app=web', 'reserved:host', 'k8s:version=12'] } };
  const selects = (selector: string) => matches({ sourceLabel: [selector] }, flow);
  for (const yes of [
    '',
    'app=web',
    'k8s:app',
    'host',
    '!db',
    'db!=x',
    'db notin (x)',
    'version>2,version<13',
    'app in (,web)',
  ])
    assert.equal(selects(yes), true, yes);
  for (const no of ['reserved:app', '!app', 'db', 'version>12', 'app>1', 'app in (w, eb)', 'k8s.app=web'])
    assert.equal(selects(no), false, no);
  for (const bad of [',', 'app,', 'app in (a', 'a b', 'x/y/z', `app=${'x'.repeat(64)}`])
    refused({ sourceLabel: [bad] }, /is no label selector/);
});

test('patterns that would stall a search are refused before they are built', () => {
  for (const pattern of [
    'a{1000}'.repeat(500),
    `(?:${'abc'.repeat(1000)}){1000}`,
    '\\pL{1000}'.repeat(50),
    '((a{10}){10}b){1000}',
  ])
    refused({ dnsQuery: [pattern] }, /makes a program of more than 5000 instructions|is no RE2/);
  refused({ httpUrl: ['a'.repeat(4097)] }, /is longer than 4096 characters/);
  assert.equal(
    matches(
      { dnsQuery: ['a{1000}', '[a-z]{2,63}\\.svc'] },
      { l7: { record: { $case: 'dns', value: { query: 'x.ab.svc' } } } },
    ),
    true,
  );
  assert.equal(estimateProgramSize('a{1000}'), 1001);
  assert.ok(estimateProgramSize('(?:ab|[c}]\\{9){100}') < 1000);
});

test('a request larger than the bounds is refused in words', () => {
  const filters = Array.from({ length: 1025 }, () => FlowFilter.fromPartial({}));
  assert.throws(() => compileFilters(filters, []), { name: 'FilterError', message: /1025 filters, at most 1024/ });
  refused({ uuid: Array.from({ length: 65_537 }, () => '') }, /65537 values/);
  refused({ uuid: ['x'.repeat(1_048_577)] }, /1048577 characters/);
});

test('CEL must be of type bool when built; an error while running ends the list', () => {
  const expressions = (...celExpression: string[]) => ({ experimental: { celExpression } });
  const flow: DeepPartial<Flow> = { verdict: 2, isReply: true, source: { labels: ['a', 'b'] } };
  assert.equal(matches(expressions('_flow.verdict == Verdict.DROPPED && _flow.is_reply == true'), flow), true);
  assert.equal(matches(expressions('_flow.source.labels[9] == "x"', 'true'), flow), false);
  assert.equal(matches(expressions('_flow.source.labels.map(l, l + "!")[1] == "b!"'), flow), true);
  for (const bad of [
    '_flow.is_reply',
    '_flow.source.identity < 256',
    'dyn(true)',
    '_flow.nope',
    'x',
    '(',
    '1',
    `true${' '.repeat(4096)}`,
  ])
    refused(expressions(bad), /^filter experimental/);
});

test('CEL loops and sums are metered', () => {
  const labels = Array.from({ length: 60 }, (_, index) => `label-${index}`);
  const all = (inner: string, name: string) => `_flow.source.labels.all(${name}, ${inner})`;
  const nested = all(all(all(all('true', 'd'), 'c'), 'b'), 'a');
  const doubled = `["x"]${'.map(s, s + s)'.repeat(60)}.size() == 1`;
  for (const expression of [nested, doubled])
    assert.equal(matches({ experimental: { celExpression: [expression] } }, { source: { labels } }), false, expression);
});

test('CEL is loaded only for filters that use it', async () => {
  const plain = FlowFilter.fromPartial({ verdict: [2] });
  const withCel = FlowFilter.fromPartial({ experimental: { celExpression: ['true'] } });
  assert.deepEqual([usesCel([plain]), usesCel([plain, withCel])], [false, true]);
  assert.equal((await prepareFilters([withCel], [])).matches(Flow.fromPartial({})), true);
  assert.throws(() => compileFilters([withCel], []), { name: 'FilterError', message: /CEL is not loaded/ });
});

// A million characters is what one request may carry. Where the time grew with their square these would take minutes.
test('text that is made to be slow to read is read in linear time', () => {
  const inside = '\t'.repeat(500_000);
  assert.equal(trimSpace(` x${inside}x `), `x${inside}x`);
  assert.ok(estimateProgramSize('['.repeat(300_000)) >= 1);
  assert.ok(estimateProgramSize(`${'['.repeat(300_000)}\\`) >= 1);
  assert.ok(estimateProgramSize('\\p{'.repeat(200_000)) >= 1);
  assert.equal(pathOfRequestUri(`http://[${'%25'.repeat(300_000)}\u2028]/a`), '/a');
});
