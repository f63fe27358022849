// What every endpoint does around its one call: admit, parse, and turn what goes wrong into a status and a sentence.

import { plainJson } from '#components/format/plain-json.ts';
import { RelayError } from './relay-connection.ts';
import { refusalOf } from './request-guard.ts';
import { BadQuery } from './watch-request.ts';

type Answer = (query: URLSearchParams, request: Request) => Response | Promise<Response>;

/** no-transform keeps proxies and Next from compressing, which would buffer a stream. */
const headers = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };

export function endpoint(answer: Answer): (request: Request) => Promise<Response> {
  return async (request) => {
    const refusal = refusalOf(request.headers);
    if (refusal !== undefined) return textResponse(403, refusal);
    try {
      return await answer(new URL(request.url).searchParams, request);
    } catch (error) {
      if (error instanceof BadQuery) return textResponse(400, error.message);
      if (error instanceof RelayError) return textResponse(error.fault.httpStatus, error.fault.text);
      throw error;
    }
  };
}

export function streamResponse(body: ReadableStream<Uint8Array<ArrayBuffer>>, contentType: string): Response {
  return new Response(body, { headers: { ...headers, 'content-type': contentType } });
}

/** As one line of a stream. */
export function jsonLine(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${plainJson(value)}\n`);
}

/** One message whole, as protobuf, for the page: what JSON leaves out is in it. */
export function bytesResponse(bytes: Uint8Array): Response {
  return new Response(new Uint8Array(bytes), { headers: { ...headers, 'content-type': 'application/x-protobuf' } });
}

export function jsonResponse(value: unknown): Response {
  return new Response(jsonLine(value), {
    headers: { ...headers, 'content-type': 'application/json' },
  });
}

function textResponse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } });
}
