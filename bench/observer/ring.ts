// What the flow ring costs: taking a flow in, finding flows by filters, and ever new endpoints. Prints a table.
// Run: node bench/observer/ring.ts

import { compileFilters } from '#flow/filter/compile.ts';
import { BLOCK, FilterPlan, MARK_FLOW } from '#observer/filter-plan.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { ResponseScanner } from '#observer/scan-response.ts';
import { type DeepPartial, FlowFilter } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../flows/generate.ts';

const COUNT = 20_000;
const ROUNDS = 5;
/** A scan takes a millisecond, so it is compiled after some tens. */
const SCAN_ROUNDS = 100;
const flows = generateFlows({ count: COUNT });

/** The best of some rounds in CPU time, which other processes lengthen less than time: nanoseconds for one of `count`. */
function best(count: number, run: () => void, rounds = ROUNDS): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = cpuMicroseconds();
    run();
    least = Math.min(least, cpuMicroseconds() - start);
  }
  return (least * 1e3) / count;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function row(what: string, figure: string): void {
  process.stdout.write(`| ${what.padEnd(62)} | ${figure.padStart(14)} |\n`);
}

const nanoseconds = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ns`;

/** Where in a message the last characters of its two addresses stand. */
function addressEnds(message: Uint8Array): number[] {
  const decoded = GetFlowsResponse.decode(message).responseTypes;
  if (decoded?.$case !== 'flow') return [];
  const { source, destination } = decoded.value.IP ?? { source: '', destination: '' };
  const bytes = Buffer.from(message);
  return [source, destination].map(
    (address) => bytes.indexOf(`${String.fromCharCode(address.length)}${address}`) + address.length,
  );
}

row('what', 'figure');
row('---', '---');
row('mean message', `${Math.round(flows.reduce((sum, flow) => sum + flow.length, 0) / COUNT)} B`);
row(
  'decode one flow with the generated decoder, to compare',
  nanoseconds(
    best(2000, () => {
      for (const flow of flows.slice(0, 2000)) GetFlowsResponse.decode(flow);
    }),
  ),
);

const scanner = new ResponseScanner();
row(
  'scan one flow',
  nanoseconds(
    best(COUNT, () => {
      for (const flow of flows) scanner.scan(flow, 0, flow.length);
    }),
  ),
);

const ring = new FlowRing({ capacityBytes: 64 * 1024 * 1024 });
const append = best(COUNT, () => {
  for (const flow of flows) ring.append(flow);
});
row('append, 50,000 endpoints', nanoseconds(append));

const filters: [string, DeepPartial<FlowFilter>][] = [
  ['verdict', { verdict: [2] }],
  ['destination port', { destinationPort: ['443'] }],
  ['protocol http', { protocol: ['http'] }],
  ['http status 5+', { httpStatusCode: ['5+'] }],
  ['source namespace', { sourcePod: ['shop/'] }],
  ['destination label', { destinationLabel: ['app.kubernetes.io/name=cart'] }],
  ['source CIDR', { sourceIp: ['10.128.0.0/16'] }],
  ['namespace, verdict and port', { sourcePod: ['shop/'], verdict: [1], destinationPort: ['443'] }],
];
const held = ring.next - ring.oldest;
const marks = new Uint8Array(BLOCK);
for (const [name, fields] of filters) {
  const plan = new FilterPlan(ring, compileFilters([FlowFilter.fromPartial(fields)], []));
  let matched = 0;
  const scan = best(
    held,
    () => {
      matched = 0;
      for (let from = ring.oldest; from < ring.next; from += plan.blockSize) {
        const to = Math.min(ring.next, from + plan.blockSize);
        plan.select(from, to, marks);
        for (let i = 0; i < to - from; i++) if (marks[i] === MARK_FLOW) matched++;
      }
    },
    SCAN_ROUNDS,
  );
  row(`scan by ${name} (${((100 * matched) / held).toFixed(1)} % match)`, nanoseconds(scan));
}

// Half a million flows with two new endpoints each: a million distinct. Short runs of known and new endpoints take turns,
// so that both see the same neighbours on the machine; the messages are the same but for the addresses.
const changing = flows.map((flow) => Uint8Array.from(flow));
const ends = flows.map(addressEnds);
const known = new FlowRing({ capacityBytes: 64 * 1024 * 1024 });
const fresh = new FlowRing({ capacityBytes: 64 * 1024 * 1024 });
const spent = { known: 0, fresh: 0 };
const rounds = 500_000 / COUNT;
/** The first rounds warm up: the compiler, and pages that are touched for the first time. */
const WARM_UP = 4;
for (let round = 0; round < rounds + WARM_UP; round++) {
  for (const [i, flow] of changing.entries()) {
    // Two numbers never used before, four characters each, in place of the end of the addresses.
    for (const [side, end] of (ends[i] ?? []).entries()) {
      const serial = (round * COUNT + i) * 2 + side;
      for (let digit = 0; digit < 4; digit++) flow[end - digit] = 48 + ((serial >>> (6 * digit)) & 63);
    }
  }
  const start = cpuMicroseconds();
  for (const flow of flows) known.append(flow);
  const between = cpuMicroseconds();
  for (const flow of changing) fresh.append(flow);
  if (round < WARM_UP) continue;
  spent.known += between - start;
  spent.fresh += cpuMicroseconds() - between;
}
const perFlow = (microseconds: number) => (microseconds * 1e3) / (COUNT * rounds);
row('append, endpoints as in the flows', nanoseconds(perFlow(spent.known)));
row(`append, ${2 * COUNT * rounds} endpoints, ever new`, nanoseconds(perFlow(spent.fresh)));
row('intake with ever new endpoints, of the other', `${((100 * spent.known) / spent.fresh).toFixed(0)} %`);
row('generations forgotten meanwhile', `${fresh.endpoints.rotations}`);
row('memory bound of the last ring, by arithmetic', `${Math.round(fresh.boundBytes / 1e6)} MB`);
