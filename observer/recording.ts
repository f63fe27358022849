// A recording: flows as they came over the wire, in a file. gzip of parallax.v1.RecordingHeader and then
// observer.GetFlowsResponse messages, each preceded by its length as a varint.

import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { RecordingHeader } from '#proto/gen/parallax/v1/stream.ts';

const format = 'parallax-recording/1';

/** Longest message a recording may hold; gRPC's own default limit. */
const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Writes `messages` (serialised GetFlowsResponse) to `path` until the source ends. The file is complete when the promise
 * resolves, also when the source ended because it was aborted by its owner.
 */
export async function writeRecording(
  path: string,
  description: string,
  recordedOn: string,
  messages: AsyncIterable<Uint8Array>,
): Promise<void> {
  async function* framed(): AsyncGenerator<Uint8Array> {
    const header = RecordingHeader.encode(RecordingHeader.create({ format, recordedOn, description })).finish();
    yield varint(header.length);
    yield header;
    for await (const message of messages) {
      yield varint(message.length);
      yield message;
    }
  }
  await pipeline(framed, createGzip(), createWriteStream(path));
}

export interface Recording {
  readonly header: RecordingHeader;
  /** In the order of the file. Ends with an error that names the file and the place if it is damaged. */
  messages(): AsyncGenerator<Uint8Array>;
}

/** @throws Error if the file cannot be read or is no recording. */
export async function openRecording(path: string): Promise<Recording> {
  const iterator = readMessages(path);
  const first = await iterator.next();
  if (first.done === true) throw new Error(`${path} is empty, so no recording.`);
  const header = decodeHeader(first.value);
  if (header?.format !== format) {
    await iterator.return();
    throw new Error(`${path} is no recording of this version (expected "${format}").`);
  }
  return { header, messages: () => iterator };
}

function decodeHeader(bytes: Uint8Array): RecordingHeader | undefined {
  try {
    return RecordingHeader.decode(bytes);
  } catch {
    return undefined;
  }
}

async function* readMessages(path: string): AsyncGenerator<Uint8Array, void> {
  const source = createReadStream(path);
  const unpacked = source.pipe(createGunzip());
  source.on('error', (error) => unpacked.destroy(error));
  let rest = new Uint8Array(0);
  let read = 0;
  try {
    for await (const chunk of unpacked) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (;;) {
        const head = readVarint(rest, at);
        if (head === undefined) break;
        if (head.value > maxMessageBytes)
          throw new Error(`message ${read} claims ${head.value} bytes; the limit is ${maxMessageBytes}`);
        const end = head.end + head.value;
        if (end > rest.length) break;
        yield rest.subarray(head.end, end);
        read += 1;
        at = end;
      }
      rest = rest.subarray(at);
    }
    if (rest.length > 0) throw new Error(`it ends in the middle of message ${read}`);
  } catch (cause) {
    throw new Error(`${path} cannot be read as a recording: ${(cause as Error).message}.`, { cause });
  } finally {
    source.destroy();
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A length of up to five bytes; undefined if it is not all there yet. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return { value: Number.POSITIVE_INFINITY, end: start + 5 };
}
