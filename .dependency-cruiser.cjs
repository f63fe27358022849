// Who may import whom. The rooms are listed in ARCHITECTURE.md; each rule says why it exists.
// Needs TypeScript's JavaScript API, so typescript stays at 6.0.x: with 7 this tool cruises nothing and passes.

const rooms = {
  proto: [],
  flow: ['proto'],
  policy: ['proto', 'flow'],
  observer: ['flow', 'proto'],
  kubernetes: ['flow', 'proto'],
  exporter: ['observer', 'kubernetes', 'flow', 'proto'],
  relay: ['observer', 'policy', 'kubernetes', 'flow', 'proto'],
  components: ['flow', 'policy', 'proto'],
  app: ['components', 'flow', 'policy', 'proto'],
  demo: ['policy'],
  deploy: [],
  bin: ['exporter', 'relay', 'observer', 'kubernetes', 'flow', 'policy', 'proto', 'demo', 'setup'],
};
const allRooms = [
  'proto',
  'flow',
  'policy',
  'bpf',
  'kubernetes',
  'exporter',
  'observer',
  'relay',
  'app',
  'components',
  'demo',
  'bench',
  'e2e',
  'bin',
  'setup',
  'tools',
  'deploy',
];

const tests = '[.](test|kernel[.]test)[.]tsx?$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one thing in two places; neither can be read or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that resolves to nothing fails at run time, on the one path that reaches it.',
      severity: 'error',
      from: { pathNot: '^app/' },
      to: { couldNotResolve: true, pathNot: '^(server-only|node:)' },
    },
    {
      name: 'pure-rooms-stay-in-the-language',
      comment: 'flow/ and policy/ run in the browser too, and are functions of their arguments: no Node, no network.',
      severity: 'error',
      from: { path: '^(flow|policy)/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'views-know-no-wire',
      comment:
        'components/ takes data in and draws; gRPC and Node stay behind app/, so a view can be tested with plain values.',
      severity: 'error',
      from: { path: '^components/', pathNot: `${tests}|^components/map/harness/` },
      to: { path: ['node_modules/@grpc/', '^node:'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'relay-client-knows-grpc',
      comment:
        'The page reaches the relay through app/relay-client.ts and its connection alone, so that a change of transport stays there.',
      severity: 'error',
      from: { path: '^app/', pathNot: '^app/relay-(client|connection)[.]ts$' },
      to: { path: 'node_modules/@grpc/' },
    },
    {
      name: 'product-needs-no-tests',
      comment: 'A product file that imports a test, a benchmark or a story ships them.',
      severity: 'error',
      from: {
        path: '^(proto|flow|policy|kubernetes|exporter|observer|relay|app|components|bin|demo)/',
        pathNot: `${tests}|/harness/|/fixtures/`,
      },
      to: { path: `^(bench|e2e|tools)/|${tests}` },
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports-only-its-own`,
      comment: `${room}/ may import ${allowed.join(', ') || 'no other room'}: see the table of rooms in ARCHITECTURE.md.`,
      severity: 'error',
      from: { path: `^${room}/`, pathNot: tests },
      to: { path: `^(${allRooms.filter((other) => other !== room && !allowed.includes(other)).join('|')})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next|\\.cache)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
};
