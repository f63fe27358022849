// `parallax record FILE`: writes what a server streams, byte for byte, until Ctrl-C or a given time.

import { hostname } from 'node:os';
import { Command } from 'commander';
import { writeRecording } from '#observer/recording.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { flowMessages } from './flow-messages.ts';
import { type ServerOptions, targetOf, withServerOptions } from './server-option.ts';

interface RecordOptions extends ServerOptions {
  readonly seconds?: string;
  readonly last: string;
  readonly description: string;
  readonly recordedOn: string;
}

interface Counts {
  flows: number;
  bytes: number;
}

export function recordCommand(): Command {
  return withServerOptions(
    new Command('record').description('write flows to a file; `parallax up --replay FILE` plays it'),
  )
    .argument('<file>')
    .option('--seconds <number>', 'stop by itself after this time')
    .option('--last <number>', 'flows of the past to write first', '0')
    .option('--description <text>', 'a line about what it shows', '')
    .option('--recorded-on <name>', 'where it was recorded', hostname())
    .action(record);
}

async function record(file: string, options: RecordOptions): Promise<void> {
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  if (options.seconds !== undefined) setTimeout(() => stopped.abort(), Number(options.seconds) * 1000);
  const request = GetFlowsRequest.encode(
    GetFlowsRequest.fromPartial({ follow: true, number: BigInt(options.last) }),
  ).finish();
  const count: Counts = { flows: 0, bytes: 0 };
  const progress = setInterval(
    () => process.stderr.write(`\r${count.flows} flows, ${(count.bytes / 1e6).toFixed(1)} MB`),
    1000,
  );
  try {
    await writeRecording(
      file,
      options.description,
      options.recordedOn,
      counted(flowMessages(await targetOf(options), request, stopped.signal), count),
    );
  } finally {
    clearInterval(progress);
  }
  process.stdout.write(`${file}: ${count.flows} flows, ${(count.bytes / 1e6).toFixed(1)} MB before compression\n`);
}

async function* counted(messages: AsyncIterable<Uint8Array>, count: Counts): AsyncGenerator<Uint8Array> {
  for await (const message of messages) {
    // What a relay says of its nodes belongs to the moment, not to a recording.
    if (GetFlowsResponse.decode(message).responseTypes?.$case === 'nodeStatus') continue;
    count.flows += 1;
    count.bytes += message.length;
    yield message;
  }
}
