import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import { FlowDetails, type Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { packFlowDetails } from '../details.ts';
import { compileCel } from '../filter/cel/compile-cel.ts';
import { compileFilters } from '../filter/compile.ts';
import { completeFilter } from './complete.ts';
import { formatFilterText } from './format.ts';
import { filtersFromFlags } from './from-flags.ts';
import { toHubbleFlags } from './hubble-flags.ts';
import { filterKeys } from './keys.ts';
import { parseFilterText } from './parse.ts';
import type { FilterTerm } from './term.ts';

const json = (filters: readonly FlowFilter[]) => filters.map((filter) => FlowFilter.toJSON(filter));
const bare = (terms: readonly FilterTerm[]) =>
  terms.map(({ negated, side, key, values }) => ({ negated, side, key, values }));

test('each key fills its field', () => {
  const { whitelist, blacklist, errors } = parseFilterText(
    'from:pod:shop/web to:workload:ledger verdict:dropped http.status:5xx http.path:~^/v1 drop:POLICY_DENIED -to:port:53 cel:"_flow.is_reply == true"',
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(json(whitelist), [
    {
      sourcePod: ['shop/web'],
      destinationWorkload: [{ name: 'ledger' }],
      verdict: ['DROPPED'],
      dropReasonDesc: ['POLICY_DENIED'],
      httpStatusCode: ['5+'],
      httpPath: ['^/v1'],
      experimental: { celExpression: ['_flow.is_reply == true'] },
    },
  ]);
  assert.deepEqual(json(blacklist), [{ destinationPort: ['53'] }]);
});

test('a term about either end makes a filter for each end', () => {
  const { whitelist } = parseFilterText('namespace:shop port:80,443');
  assert.deepEqual(json(whitelist), [
    { sourcePod: ['shop/'], sourcePort: ['80', '443'] },
    { sourcePod: ['shop/'], destinationPort: ['80', '443'] },
    { destinationPod: ['shop/'], sourcePort: ['80', '443'] },
    { destinationPod: ['shop/'], destinationPort: ['80', '443'] },
  ]);
});

test('each negated term leaves flows out by itself', () => {
  const { whitelist, blacklist } = parseFilterText('-port:53 -verdict:forwarded');
  assert.deepEqual(json(whitelist), []);
  assert.deepEqual(json(blacklist), [{ sourcePort: ['53'] }, { destinationPort: ['53'] }, { verdict: ['FORWARDED'] }]);
});

test('pod and namespace of one end are one name, and contradictory ones are told', () => {
  assert.deepEqual(json(parseFilterText('from:ns:a,b from:pod:web').whitelist), [{ sourcePod: ['a/web', 'b/web'] }]);
  assert.deepEqual(json(parseFilterText('from:pod:web').whitelist), [{ sourcePod: ['/web'] }]);
  assert.match(
    parseFilterText('from:ns:a from:pod:b/web').errors[0]?.message ?? '',
    /no pod of b\/web is in namespace a/,
  );
});

test('more than 256 alternatives are refused in words', () => {
  const keys = ['pod', 'workload', 'service', 'port', 'ip', 'fqdn', 'label', 'identity', 'cluster'];
  const text = keys.map((key) => `${key}:${key === 'ip' ? '10.0.0.1' : '1'}`).join(' ');
  const { whitelist, errors } = parseFilterText(text);
  assert.deepEqual(whitelist, []);
  assert.match(errors[0]?.message ?? '', /more than 256 alternatives; say from: or to:/);
  assert.equal(parseFilterText(text.replace(/ \S+$/, '')).whitelist.length, 256);
});

test('an error underlines what is wrong, and the rest still counts', () => {
  const text = 'from:port:80,http verdict:lost colour:red web node:"a b" uuid:x"';
  const { terms, errors } = parseFilterText(text);
  assert.deepEqual(
    errors.map(({ from, to }) => text.slice(from, to)),
    ['http', 'lost', 'colour', 'web', '"a b"'],
  );
  assert.deepEqual(
    terms.map(({ key }) => key),
    ['uuid'],
  );
  const open = 'uuid:a pod:"never closed';
  const [error] = parseFilterText(open).errors;
  assert.equal(open.slice(error?.from, error?.to), '"never closed');
  assert.match(error?.message ?? '', /not closed/);
  assert.equal(parseFilterText('from:verdict:dropped').errors.length, 1);
});

test('quotes hold blanks, commas and quotes', () => {
  const { terms, errors } = parseFilterText('label:"app in (a,b)" http.header:"X-Note: say \\"hi\\"" dns:~"');
  assert.deepEqual(errors, []);
  assert.deepEqual(
    terms.map(({ values }) => values),
    [['app in (a,b)'], ['X-Note: say "hi"'], ['~"']],
  );
});

test('plain text for a pattern field is matched whole, or from the start with a star', () => {
  const { whitelist } = parseFilterText('http.path:/a.b http.url:http://x/* dns:~^a');
  assert.deepEqual(json(whitelist), [{ dnsQuery: ['^a'], httpPath: ['^/a\\.b$'], httpUrl: ['^http://x/'] }]);
});

const goodValues: Readonly<Record<string, readonly string[]>> = {
  verdict: ['dropped', 'forwarded'],
  drop: ['POLICY_DENIED'],
  port: ['80', '443'],
  ip: ['10.0.0.1', 'fd00::/8'],
  identity: ['world', '1234'],
  protocol: ['tcp', 'http'],
  direction: ['ingress'],
  type: ['l7', 'trace:to-stack'],
  reply: ['yes', 'no'],
  'http.status': ['404', '5xx'],
  'tcp.flags': ['SYN', 'SYN+ACK'],
  'ip.version': ['4', 'none'],
  encrypted: ['no'],
  'ip.trace': ['18446744073709551615'],
  label: ['app=web', 'app in (a, b)'],
  'node.label': ['!app'],
  snat: ['10.0.0.0/8'],
  fqdn: ['*.example.com'],
  node: ['east/node-1'],
};
const termArbitrary = fc.constantFrom(...filterKeys).chain((key) =>
  fc.record<FilterTerm>({
    negated: fc.boolean(),
    side: key.hasSides ? fc.constantFrom('either', 'from', 'to') : fc.constant('either'),
    key: fc.constant(key.name),
    values: fc.array(
      goodValues[key.name] === undefined
        ? fc.string({ minLength: 1, maxLength: 20 }).map((text) => `v${text.replaceAll('/', '')}`)
        : fc.constantFrom(...(goodValues[key.name] ?? [])),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

test('text written from terms reads as the same terms', () => {
  fc.assert(
    fc.property(fc.array(termArbitrary, { maxLength: 4 }), (terms) => {
      const parsed = parseFilterText(formatFilterText(terms));
      assert.deepEqual(bare(parsed.terms), bare(terms));
    }),
  );
});

test('no text makes the parser throw, and every error lies within the text', () => {
  const piece = fc.constantFrom(
    'from:',
    'to:',
    '-',
    'pod:',
    'port:',
    'http.path:~',
    '"',
    ',',
    ' ',
    '\\',
    '/',
    '(',
    'a',
    '5xx',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const { whitelist, blacklist, errors } = parseFilterText(text);
      for (const { from, to, message } of errors)
        assert.ok(from >= 0 && from <= to && to <= text.length + 1 && message !== '');
      compileFilters(whitelist, blacklist, () => () => true);
    }),
  );
});

test('100,000 characters are refused unread, and the longest text that is read has bounded terms', () => {
  const { errors, whitelist } = parseFilterText('pod:a '.repeat(20_000));
  assert.match(errors[0]?.message ?? '', /at most 16384 are read/);
  assert.deepEqual(whitelist, []);
  const longest = parseFilterText('"'.repeat(16_384));
  assert.ok(longest.errors.length > 0);
  assert.match(parseFilterText('pod:a '.repeat(300)).errors.at(-1)?.message ?? '', /at most 200 terms/);
});

test('flags of the hubble CLI say the same as the text, or carry the filters themselves', () => {
  const flags = (text: string) => toHubbleFlags(parseFilterText(text).terms);
  assert.deepEqual(flags('from:pod:shop/web verdict:dropped to:port:80,443 -ns:kube-system'), [
    ...['--from-pod', 'shop/web', '--verdict', 'DROPPED', '--to-port', '80', '--to-port', '443'],
    ...['--not', '--namespace', 'kube-system'],
  ]);
  assert.deepEqual(flags('pod:web port:80').filter((flag) => flag === '--allowlist').length, 4);
  assert.deepEqual(flags('-to:port:80,443'), ['--not', '--to-port', '80', '--not', '--to-port', '443']);
  assert.deepEqual(flags('http.header:"X-A: b"'), ['--http-header', 'X-A:b']);
  assert.deepEqual(flags('-uuid:a -uuid:b'), ['--denylist', '{"uuid":["a"]}', '--denylist', '{"uuid":["b"]}']);
});

test('flags that the hubble CLI refuses together, or folds into one, go as the filters themselves', () => {
  const used = (text: string) =>
    new Set(toHubbleFlags(parseFilterText(text).terms).filter((argument) => /^--[a-z]/.test(argument)));
  for (const text of [
    'pod:web from:pod:cart',
    'port:80 to:port:443',
    'ns:shop to:pod:bank/web',
    'from:ns:shop from:pod:web',
    'from:ns:shop from:service:web',
    'from:ip:10.0.0.1 from:fqdn:a.example',
    'cluster:eu',
    'http.header:X-A',
  ])
    assert.deepEqual([...used(text)], ['--allowlist'], text);
  assert.deepEqual([...used('from:pod:web from:port:80 to:ns:bank')], ['--from-pod', '--from-port', '--to-namespace']);
});

test('copied flags build the filters of the text', () => {
  for (const text of [
    'from:pod:shop/web verdict:dropped to:port:80',
    'ns:shop type:trace:to-stack',
    'from:ns:shop from:pod:web to:ns:bank',
    'pod:web port:80 -uuid:a -uuid:b',
    '-http.path:/x*',
    'http.status:5xx tcp.flags:SYN+ACK interface:eth0 dns:a.b',
  ]) {
    const { terms, whitelist, blacklist } = parseFilterText(text);
    const { rest, ...built } = filtersFromFlags(toHubbleFlags(terms));
    assert.deepEqual(rest, []);
    assert.deepEqual(
      { allow: json(built.whitelist), deny: json(built.blacklist) },
      { allow: json(whitelist), deny: json(blacklist) },
      text,
    );
  }
});

test('flags build what the hubble CLI builds', () => {
  const build = (...args: string[]) => {
    const { whitelist, blacklist, rest } = filtersFromFlags(args);
    return [json(whitelist), json(blacklist), rest];
  };
  assert.deepEqual(build('--pod', 'web', '-f', '--port=80'), [
    [
      { sourcePod: ['default/web'], sourcePort: ['80'] },
      { destinationPod: ['default/web'], destinationPort: ['80'] },
    ],
    [],
    ['-f'],
  ]);
  assert.deepEqual(build('-n', 'shop', '--from-pod', 'web', '--not', '--verdict', 'FORWARDED', '--last', '20'), [
    [{ sourcePod: ['shop/', 'default/web'] }, { sourcePod: ['default/web'], destinationPod: ['shop/'] }],
    [{ verdict: ['FORWARDED'] }],
    ['--last', '20'],
  ]);
  assert.deepEqual(build('-4', '--encrypted', '-t', 'trace:to-stack', '--tcp-flags', 'syn,ack', '-A'), [
    [
      {
        eventType: [{ type: 4, matchSubType: true, subType: 3 }],
        tcpFlags: [{ SYN: true, ACK: true }],
        ipVersion: ['IPv4'],
        encrypted: [true],
      },
    ],
    [],
    [],
  ]);
  assert.deepEqual(build('--filter', 'from:ns:shop -uuid:a', '--denylist', '{"source_port":["53"]}'), [
    [{ sourcePod: ['shop/'] }],
    [{ uuid: ['a'] }, { sourcePort: ['53'] }],
    [],
  ]);
});

test('flags that make no sense are refused with what to write instead', () => {
  for (const args of [
    ['--pod'],
    ['--not'],
    ['--not', '--last', '3'],
    ['--not', '--not', '--pod', 'a'],
    ['--verdict', 'LOST'],
    ['--allowlist', '['],
    ['--filter', 'pod:'],
  ])
    assert.throws(() => filtersFromFlags(args), { name: 'FlagError' }, args.join(' '));
});

test('completion offers names before the colon and values behind it', () => {
  const texts = (text: string, source?: Parameters<typeof completeFilter>[2]) =>
    completeFilter(text, text.length, source).suggestions.map((each) => each.text);
  assert.deepEqual(texts('fr'), ['from:']);
  assert.ok(texts('').includes('verdict:') && texts('').includes('to:'));
  assert.ok(!texts('from:').includes('verdict:') && texts('from:').includes('pod:'));
  assert.deepEqual(texts('verdict:dr'), ['dropped']);
  assert.deepEqual(
    texts('-from:pod:a,we', (key, typed, side) => [`${side} ${key} ${typed}`, 'web']),
    ['web', '"from pod we"'],
  );
  const { from, to } = completeFilter('uuid:x from:pod:shop/we verdict:dropped', 23);
  assert.deepEqual([from, to], [16, 23]);
  assert.deepEqual(texts('colour:r'), []);
});

test('the word at the cursor of a very long text is found in linear time', () => {
  const text = `${'a'.repeat(500_000)} verdict:dro`;
  assert.deepEqual(completeFilter(text, text.length).suggestions.length > 0, true);
  assert.equal(completeFilter('a'.repeat(500_000), 500_000).to, 500_000);
});

test('process: finds the command, the executable or the unit behind an end, beside other terms and expressions', () => {
  const flow = (source: Partial<Process>, destination: Partial<Process>) =>
    Flow.fromPartial({
      verdict: 1,
      extensions: packFlowDetails(FlowDetails.fromPartial({ sourceProcess: source, destinationProcess: destination })),
    });
  const answers = (text: string, ...flows: Flow[]) => {
    const { whitelist, blacklist, errors } = parseFilterText(text);
    assert.deepEqual(errors, []);
    const filter = compileFilters(whitelist, blacklist, compileCel);
    return flows.map((each) => filter.matches(each));
  };
  const toNginx = flow({ command: 'curl' }, { command: 'nginx', executable: '/usr/sbin/nginx', unit: 'nginx.service' });
  const toRedis = flow({ command: 'nginx' }, { command: 'redis-server' });
  const unknown = Flow.fromPartial({ verdict: 1 });
  assert.deepEqual(answers('process:nginx', toNginx, toRedis, unknown), [true, true, false]);
  assert.deepEqual(answers('to:process:nginx', toNginx, toRedis, unknown), [true, false, false]);
  assert.deepEqual(answers('to:process:/usr/sbin/nginx', toNginx, toRedis), [true, false]);
  assert.deepEqual(answers('to:process:nginx.service,redis-server', toNginx, toRedis), [true, true]);
  assert.deepEqual(answers('from:process:curl to:process:nginx', toNginx, toRedis), [true, false]);
  assert.deepEqual(answers('from:process:nginx cel:"_flow.verdict == Verdict.DROPPED"', toRedis), [false]);
  assert.deepEqual(answers('-process:nginx', toNginx, unknown), [false, true]);
  assert.deepEqual(answers('process:"a\\"b\\\\"', flow({ command: 'a"b\\' }, {})), [true]);
});
