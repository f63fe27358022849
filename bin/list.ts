// `parallax list nodes|namespaces`, in the formats of the hubble command line.

import { Command, Option } from 'commander';
import { Namespace, Node } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { ask, type ServerOptions, withServerOptions } from './server-option.ts';
import { formatDuration, formatTable, protoJson } from './table.ts';

const formats = ['table', 'wide', 'json', 'dict'] as const;
type ListFormat = (typeof formats)[number];
type ListOptions = ServerOptions & { readonly output: ListFormat };

/** Titles with the cells of each thing listed; wide ones are for -o wide and dict. */
interface Column<Thing> {
  readonly title: string;
  readonly cell: (thing: Thing) => string;
  readonly isWide?: boolean;
}

export function listCommand(): Command {
  const output = () => new Option('-o, --output <format>', 'format').choices(formats).default('table');
  const nodes = new Command('nodes').alias('node').description('nodes and the state of their observers');
  const namespaces = new Command('namespaces').description('namespaces that flows were seen in');
  return new Command('list')
    .description('what a relay knows')
    .addCommand(
      withServerOptions(nodes)
        .addOption(output())
        .action(async (options: ListOptions) => {
          const { nodes: known } = await ask(options, (client) => client.getNodes());
          process.stdout.write(formatNodes(known, options.output));
        }),
    )
    .addCommand(
      withServerOptions(namespaces)
        .addOption(output())
        .action(async (options: ListOptions) => {
          const { namespaces: known } = await ask(options, (client) => client.getNamespaces());
          process.stdout.write(formatNamespaces(known, options.output));
        }),
    );
}

const stateNames: Readonly<Record<number, string>> = {
  [NodeState.NODE_CONNECTED]: 'Connected',
  [NodeState.NODE_UNAVAILABLE]: 'Unavailable',
  [NodeState.NODE_GONE]: 'Gone',
  [NodeState.NODE_ERROR]: 'Error',
};

const notAvailable = 'N/A';

const nodeColumns: readonly Column<Node>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'STATUS', cell: ({ state }) => stateNames[state] ?? 'Unknown' },
  { title: 'AGE', cell: (node) => (upSeconds(node) > 0 ? formatDuration(upSeconds(node) * 1000) : notAvailable) },
  {
    title: 'FLOWS/S',
    cell: (node) => (upSeconds(node) > 0 ? (Number(node.seenFlows) / upSeconds(node)).toFixed(2) : notAvailable),
  },
  { title: 'CURRENT/MAX-FLOWS', cell: fillOf },
  { title: 'VERSION', cell: ({ version }) => version || notAvailable, isWide: true },
  { title: 'ADDRESS', cell: ({ address }) => address, isWide: true },
  {
    title: 'TLS',
    cell: ({ tls }) => (tls === undefined ? notAvailable : tls.enabled ? 'Enabled' : 'Disabled'),
    isWide: true,
  },
];

const namespaceColumns: readonly Column<Namespace>[] = [
  { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
  { title: 'CLUSTER', cell: ({ cluster }) => cluster, isWide: true },
];

/** Sorted by name. */
export function formatNodes(nodes: readonly Node[], format: ListFormat): string {
  const sorted = nodes.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  if (format === 'json') return json(sorted.map((node) => Node.toJSON(node)));
  return format === 'dict' ? dict(nodeColumns, sorted) : table(nodeColumns, sorted, format);
}

export function formatNamespaces(namespaces: readonly Namespace[], format: ListFormat): string {
  if (format === 'json') return json(namespaces.map((namespace) => Namespace.toJSON(namespace)));
  return format === 'dict' ? dict(namespaceColumns, namespaces) : table(namespaceColumns, namespaces, format);
}

function table<Thing>(columns: readonly Column<Thing>[], things: readonly Thing[], format: 'table' | 'wide'): string {
  const shown = columns.filter(({ isWide }) => format === 'wide' || isWide !== true);
  const rows = things.map((thing) => shown.map(({ cell }) => cell(thing)));
  return formatTable(
    shown.map(({ title }) => title),
    rows,
  );
}

/** A block of "TITLE: value" lines each, with a line of dashes between. */
function dict<Thing>(columns: readonly Column<Thing>[], things: readonly Thing[]): string {
  const width = Math.max(...columns.map(({ title }) => title.length));
  const block = (thing: Thing) =>
    columns.map(({ title, cell }) => `${title.padStart(width)}: ${cell(thing)}\n`).join('');
  return things.map(block).join('------------\n');
}

function json(things: readonly unknown[]): string {
  return `${JSON.stringify(things.map(protoJson), null, 2)}\n`;
}

function upSeconds(node: Node): number {
  return Math.round(Number(node.uptimeNs) / 1e9);
}

function fillOf({ numFlows, maxFlows }: Node): string {
  if (maxFlows === 0n) return notAvailable;
  return `${numFlows}/${maxFlows} (${((100 * Number(numFlows)) / Number(maxFlows)).toFixed(2).padStart(6)}%)`;
}
