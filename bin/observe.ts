// `parallax observe`: flows in the flags and formats of `hubble observe`, from a server or from a file of JSON lines.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { prepareFilters } from '#flow/filter/prepare.ts';
import { filtersFromFlags } from '#flow/filter-text/from-flags.ts';
import { parseResponseJson } from '#flow/text/json.ts';
import { createPrinter, type OutputFormat, outputFormats } from '#flow/text/printer.ts';
import { type LineStyle, type TimeFormat, timeFormats } from '#flow/text/style.ts';
import { visibleFields } from '#flow/text/visible-fields.ts';
import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { flowMessages } from './flow-messages.ts';
import { writeOut } from './output.ts';
import { type RelayForwardOptions, startRelayForward, withRelayForward } from './port-forward.ts';
import { parseTime } from './quantity.ts';
import { type ServerOptions, targetOf, withServerOptions } from './server-option.ts';

interface ObserveOptions extends ServerOptions, RelayForwardOptions {
  readonly last?: string;
  readonly first?: string;
  readonly all?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly follow?: boolean;
  readonly output: OutputFormat;
  readonly inputFile?: string;
  readonly printNodeName?: boolean;
  readonly timeFormat: TimeFormat;
  readonly printPolicyNames?: boolean;
  readonly ipTranslation: boolean;
  readonly numeric?: boolean;
  readonly fieldMask?: readonly string[];
  readonly experimentalFieldMask?: readonly string[];
  readonly useDefaultFieldMasks: 'true' | 'false';
  readonly color: 'auto' | 'always' | 'never';
  readonly debug?: boolean;
}

/** What `hubble observe` sends for --all, and shows without any of --last, --first, --since and --follow. */
const everyFlow = 18_446_744_073_709_551_615n;
const defaultLast = 20n;

export function observeCommand(): Command {
  const command = new Command('observe').description('print flows; filter flags as of `hubble observe`');
  return withRelayForward(withServerOptions(command))
    .option('--last <number>', `the latest flows (default ${defaultLast} without -f and --since)`)
    .option('--first <number>', 'the oldest flows')
    .option('--all', 'all flows that are kept')
    .option('--since <time>', 'from this time on (5m, 1h30m ago, or a date)')
    .option('--until <time>', 'up to this time')
    .option('-f, --follow', 'go on with new flows')
    .addOption(new Option('-o, --output <format>', 'format').choices(outputFormats).default('compact'))
    .option('--input-file <file>', 'read JSON lines from this file instead of a server (- for standard input)')
    .option('--print-node-name', 'print the node that saw the flow')
    .option('--print-policy-names', 'print which policies allowed or denied a flow')
    .addOption(new Option('--time-format <format>', 'format of times').choices(timeFormats).default('StampMilli'))
    .option('--no-ip-translation', 'print addresses instead of names')
    .option('--numeric', 'the same, as hubble calls it')
    .option(
      '--field-mask <fields>',
      'ask for these fields of a flow alone (json output): verdict,source.pod_name',
      fieldPaths,
    )
    .addOption(new Option('--experimental-field-mask <fields>', '').argParser(fieldPaths).hideHelp())
    .addOption(
      new Option('--use-default-field-masks [when]', 'ask for what is printed alone (other outputs)')
        .choices(['true', 'false'])
        .default('true')
        .preset('true'),
    )
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('-D, --debug', 'print node status that is no trouble, too')
    .allowUnknownOption()
    .allowExcessArguments()
    .argument(
      '[filter...]',
      'filter flags (--namespace, --from-pod, --verdict, --http-status, --not ...) or --filter TEXT',
    )
    .action(async (filterArgs: string[], options: ObserveOptions) => {
      const { whitelist, blacklist, rest } = filtersFromFlags(filterArgs);
      if (rest.length > 0) throw new Error(`${rest[0]} is no flag of observe; \`parallax observe --help\` lists them.`);
      await (options.inputFile === undefined
        ? observeServer(options, whitelist, blacklist)
        : observeFile(options.inputFile, options, whitelist, blacklist));
    });
}

async function observeServer(
  options: ObserveOptions,
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  process.stdout.once('error', () => stopped.abort());
  const request = GetFlowsRequest.encode(requestOf(options, whitelist, blacklist)).finish();
  const print = printerOf(options);
  const forward = await startRelayForward(options);
  const server = forward === undefined ? options.server : `127.0.0.1:${forward.port}`;
  try {
    for await (const message of flowMessages(await targetOf({ ...options, server }), request, stopped.signal))
      await print(GetFlowsResponse.decode(message));
  } finally {
    await forward?.stop();
  }
}

type RequestOptions = Pick<ObserveOptions, 'last' | 'first' | 'all' | 'since' | 'until' | 'follow'> &
  Partial<ObserveOptions>;

export function requestOf(
  options: RequestOptions,
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): GetFlowsRequest {
  const time = (text: string | undefined): Timestamp | undefined =>
    text === undefined ? undefined : timestamp(parseTime(text, Date.now()));
  const follow = options.follow === true;
  const number = options.first ?? options.last;
  const unlimited = follow || options.since !== undefined || options.until !== undefined;
  return GetFlowsRequest.fromPartial({
    number:
      options.all === true ? everyFlow : number === undefined ? (unlimited ? 0n : defaultLast) : wholeNumber(number),
    first: options.first !== undefined,
    follow,
    since: time(options.since),
    until: time(options.until),
    whitelist: [...whitelist],
    blacklist: [...blacklist],
    ...fieldMaskOf(options),
  });
}

function fieldPaths(text: string): string[] {
  return text
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

/** As hubble does: a mask of one's own for JSON alone, and what a line shows for everything else. */
function fieldMaskOf(options: RequestOptions): Pick<GetFlowsRequest, 'fieldMask'> {
  const { output = 'compact', useDefaultFieldMasks = 'true' } = options;
  const own = [...(options.fieldMask ?? []), ...(options.experimentalFieldMask ?? [])];
  const isJson = output === 'json' || output === 'jsonpb';
  if (own.length > 0 && !isJson) {
    throw new Error(`--field-mask leaves out what ${output} output prints; use it with -o json.`);
  }
  if (own.length > 0) return { fieldMask: own };
  return { fieldMask: isJson || useDefaultFieldMasks === 'false' ? undefined : visibleFields(styleOf(options)) };
}

function wholeNumber(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new Error(`"${text}" is no number of flows.`);
  return BigInt(text);
}

function timestamp(nanoseconds: bigint): Timestamp {
  return { seconds: nanoseconds / 1_000_000_000n, nanos: Number(nanoseconds % 1_000_000_000n) };
}

async function observeFile(
  path: string,
  options: ObserveOptions,
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): Promise<void> {
  const filter = await prepareFilters(whitelist, blacklist);
  const print = printerOf(options);
  const input = path === '-' ? process.stdin : createReadStream(path);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      const response = parseResponseJson(line);
      const event = response.responseTypes;
      if (event?.$case !== 'flow' || filter.matches(event.value)) await print(response);
    } catch (error) {
      process.stderr.write(`${path}, line ${number}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  }
}

function styleOf(options: Partial<ObserveOptions>): LineStyle {
  return {
    timeFormat: options.timeFormat ?? 'StampMilli',
    nodeName: options.printNodeName === true,
    policyNames: options.printPolicyNames === true,
    ipTranslation: options.ipTranslation !== false && options.numeric !== true,
  };
}

function printerOf(options: ObserveOptions): (response: GetFlowsResponse) => Promise<void> {
  const printer = createPrinter({
    ...styleOf(options),
    format: options.output,
    color: options.color === 'always' || (options.color === 'auto' && process.stdout.isTTY === true),
    debug: options.debug === true,
  });
  return async (response) => {
    const { output, errors } = printer(response);
    if (errors !== '') process.stderr.write(errors);
    if (output !== '') await writeOut(output);
  };
}
