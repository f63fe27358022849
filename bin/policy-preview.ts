// `parallax policy preview`: what a set of policies would have done to recorded traffic; for people and for CI.

import { closeSync, createReadStream, existsSync, openSync, readSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { parseResponseJson } from '#flow/text/json.ts';
import { openRecording } from '#observer/recording.ts';
import { Preview, type PreviewEdge, type PreviewResult, previewClasses } from '#policy/preview.ts';
import { emptyWorld } from '#policy/world.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { compilePolicies } from '#relay/policy/compile-policies.ts';
import { type PlacedObject, parseObjects } from '#relay/policy/object-text.ts';
import { policiesAmong } from '#relay/policy/policy-files.ts';
import { worldOfObjects } from '#relay/policy/world-objects.ts';
import { flowMessages } from './flow-messages.ts';
import { writeOut } from './output.ts';
import { targetOf } from './server-option.ts';
import { formatTable } from './table.ts';

/** Beside 0, all is well, and 1, something could not be read. */
const newlyDeniedExitCode = 3;

interface PreviewOptions {
  readonly policies: string;
  readonly flows: string;
  readonly objects?: string;
  readonly failOn?: 'newly-denied';
  readonly output: 'table' | 'json';
  readonly all?: boolean;
}

export function previewCommand(): Command {
  return new Command('preview')
    .description('replay recorded flows against policies: what would be newly denied or allowed')
    .requiredOption('--policies <path>', 'policies (YAML or JSON, a file or folder)')
    .requiredOption('--flows <source>', 'a recording, JSON lines (as of observe -o json), or a server (host:port)')
    .option('--objects <path>', 'Kubernetes objects (a file or folder) to know pods, ports and services by')
    .addOption(new Option('--fail-on <class>', 'exit with 3 if there is any').choices(['newly-denied']))
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'json']).default('table'))
    .option('--all', 'list unchanged connections too')
    .addHelpText('after', '\nExit codes: 0 done, 1 something could not be read, 3 newly denied found with --fail-on.')
    .action(preview);
}

async function preview(options: PreviewOptions): Promise<void> {
  const objects = options.objects === undefined ? [] : await readObjects(options.objects);
  const world = options.objects === undefined ? emptyWorld : worldOfObjects(objects.map(({ object }) => object));
  const { set, warnings } = await compilePolicies(policiesAmong(await readObjects(options.policies)), world);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const run = new Preview(set);
  for await (const response of responsesOf(options.flows))
    if (response.responseTypes?.$case === 'flow') run.add(response.responseTypes.value);
  const result = run.result();
  await writeOut(options.output === 'json' ? `${JSON.stringify(result)}\n` : textOf(result, options.all === true));
  if (options.failOn === 'newly-denied' && result.flows['newly denied'] > 0) process.exitCode = newlyDeniedExitCode;
}

async function readObjects(path: string): Promise<PlacedObject[]> {
  const names = (await stat(path)).isDirectory()
    ? (await readdir(path))
        .filter((name) => /\.(json|ya?ml)$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  const found: PlacedObject[] = [];
  for (const name of names) found.push(...(await parseObjects(await readFile(name, 'utf8'), basename(name))));
  return found;
}

async function* responsesOf(source: string): AsyncGenerator<GetFlowsResponse> {
  if (!existsSync(source) && source !== '-') {
    if (!/:\d+$|^unix:/.test(source)) throw new Error(`--flows ${source} is neither a file nor a server's host:port.`);
    const request = GetFlowsRequest.encode(GetFlowsRequest.fromPartial({ number: 2n ** 32n })).finish();
    for await (const bytes of flowMessages(await targetOf({ server: source }), request, new AbortController().signal))
      yield GetFlowsResponse.decode(bytes);
    return;
  }
  if (source !== '-' && isGzip(source)) {
    for await (const bytes of (await openRecording(source)).messages()) yield GetFlowsResponse.decode(bytes);
    return;
  }
  let line = 0;
  const input = source === '-' ? process.stdin : createReadStream(source);
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    try {
      yield parseResponseJson(text);
    } catch (cause) {
      throw new Error(`${source}, line ${line}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}

/** A recording is gzip; JSON lines begin with a brace. */
function isGzip(path: string): boolean {
  const head = new Uint8Array(2);
  const file = openSync(path, 'r');
  readSync(file, head, 0, 2, 0);
  closeSync(file);
  return head[0] === 0x1f && head[1] === 0x8b;
}

function textOf(result: PreviewResult, showsAll: boolean): string {
  const { flows, edges, leftOut } = result;
  const sums = previewClasses.map((each) => `${flows[each]} ${each}`).join(', ');
  const shown = edges.filter((edge) => showsAll || previewClasses.slice(0, 3).some((each) => edge.flows[each] > 0));
  const rows = shown.map((edge) => [
    `${edge.source} -> ${edge.destination}`,
    `${edge.protocol} ${edge.port}`,
    ...previewClasses.map((each) => (edge.flows[each] === 0 ? '' : String(edge.flows[each]))),
  ]);
  const head = ['CONNECTION', 'PORT', ...previewClasses.map((each) => each.toUpperCase())];
  const table = rows.length === 0 ? '' : `\n${formatTable(head, rows)}`;
  const why = shown.filter(hasWhy).map((edge) => `\n${edge.source} -> ${edge.destination}\n${lines(edge.why)}`);
  return `Flows: ${sums}; ${leftOut} that no policy decides.\n${table}${why.join('')}`;
}

function hasWhy({ flows, why }: PreviewEdge): boolean {
  return why.length > 0 && (flows['newly denied'] > 0 || flows['newly allowed'] > 0);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `  ${text}\n`).join('');
}
