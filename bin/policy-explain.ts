// `parallax policy explain`: which policy lets a flow through or stops it, and why. Offline, from questions on standard input;
// or of flows that a server has, or of flows in JSON, in words.

import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { readFlowDetails } from '#flow/details.ts';
import { filtersFromFlags } from '#flow/filter-text/from-flags.ts';
import { parseResponseJson } from '#flow/text/json.ts';
import { createPrinter } from '#flow/text/printer.ts';
import { answerCase } from '#policy/policy-case.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { flowMessages } from './flow-messages.ts';
import { writeOut } from './output.ts';
import { type ServerOptions, targetOf, withServerOptions } from './server-option.ts';

interface ExplainOptions extends ServerOptions {
  readonly words?: boolean;
  readonly last: string;
}

export function explainCommand(): Command {
  const command = new Command('explain').description('which policy lets a flow through or stops it, and why');
  return withServerOptions(command)
    .option('--words', 'answer questions in words instead of JSON')
    .addOption(new Option('--last <number>', "the server's latest flows that match").default('1'))
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[filter...]', 'of flows at a server: filter flags as of `hubble observe` (--to-pod, --verdict ...)')
    .addHelpText(
      'after',
      `
Without --server, --last and filters, each line of standard input is a flow as of \`observe -o json\`, or a question of its own:
{policies, namespaces, endpoints, flow}, answered with one JSON line {id, egress, ingress, verdict, why}.

  parallax policy explain --server 127.0.0.1:4245 --verdict DROPPED --to-pod shop/cart
  parallax observe -o json --last 5 | parallax policy explain`,
    )
    .action((filters: readonly string[], options: ExplainOptions, self: Command) => {
      const isGiven = (name: string): boolean => self.getOptionValueSource(name) === 'cli';
      return isGiven('server') || isGiven('last') || filters.length > 0
        ? explainServer(filters, options)
        : explainInput(options);
    });
}

async function explainServer(flags: readonly string[], options: ExplainOptions): Promise<void> {
  if (!/^[1-9]\d{0,4}$/.test(options.last)) throw new Error(`--last ${options.last} is not a number from 1 to 99999.`);
  const { whitelist, blacklist, rest } = filtersFromFlags(flags);
  if (rest.length > 0) throw new Error(`${rest[0]} is no filter flag; \`parallax observe --help\` lists them.`);
  const request = GetFlowsRequest.encode(
    GetFlowsRequest.fromPartial({ number: BigInt(options.last), whitelist, blacklist }),
  ).finish();
  // A relay gives so many of each node, in order of time: those that are meant are the last of all.
  const told: string[] = [];
  for await (const bytes of flowMessages(await targetOf(options), request, new AbortController().signal)) {
    const text = inWords(GetFlowsResponse.decode(bytes));
    if (text === undefined) continue;
    told.push(text);
    if (told.length > Number(options.last)) told.shift();
  }
  for (const text of told) await writeOut(text);
  if (told.length > 0) return;
  process.stderr.write('No flow that the server keeps matches.\n');
  process.exitCode = 1;
}

async function explainInput(options: ExplainOptions): Promise<void> {
  let failed = 0;
  let line = 0;
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    try {
      await writeOut(answerLine(text, options.words === true));
    } catch (error) {
      failed += 1;
      process.stderr.write(`line ${line}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (failed > 0) process.exitCode = 1;
}

function answerLine(text: string, inSentences: boolean): string {
  const value: unknown = JSON.parse(text);
  const isQuestion = typeof value === 'object' && value !== null && 'policies' in value;
  if (!isQuestion) return inWords(parseResponseJson(text)) ?? '';
  const answer = answerCase(value);
  if (!inSentences) return `${JSON.stringify(answer)}\n`;
  return `${answer.id} ${answer.verdict}\n${indented(answer.why)}`;
}

/** Undefined for what is no flow. */
function inWords(response: GetFlowsResponse): string | undefined {
  const flow = response.responseTypes?.$case === 'flow' ? response.responseTypes.value : undefined;
  if (flow === undefined) return undefined;
  const policy = readFlowDetails(flow)?.policy;
  const head = createPrinter()(response).output.trimEnd();
  if (policy === undefined)
    return `${head}\n  Nobody said what policies say of it: the server has none (relay --policies), or the flow repeats one before.\n`;
  return `${head}\n${indented([
    policy.summary,
    ...policy.egressReasons.map((reason) => `Leaving: ${reason}`),
    ...policy.ingressReasons.map((reason) => `Arriving: ${reason}`),
  ])}`;
}

function indented(sentences: readonly string[]): string {
  return sentences.map((sentence) => `  ${sentence}\n`).join('');
}
