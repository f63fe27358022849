// The one error of every gRPC call made or served here: a status code, and a sentence that says what was tried and what
// came of it.

import { status } from '@grpc/grpc-js';

export class GrpcError extends Error {
  readonly code: status;

  constructor(code: status, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'GrpcError';
    this.code = code;
  }

  /** The status code's name, such as UNAVAILABLE. */
  get codeName(): string {
    return status[this.code] ?? `code ${this.code}`;
  }

  /**
   * @param doing what was tried, as in "GetFlows of 10.0.0.7:4244"
   * @returns `error` as a GrpcError: as it is, from a grpc-js ServiceError, or UNKNOWN
   */
  static from(error: unknown, doing: string): GrpcError {
    if (error instanceof GrpcError) return error;
    if (isServiceError(error)) return new GrpcError(error.code, `${doing}: ${error.details}`, { cause: error });
    const said = error instanceof Error ? error.message : String(error);
    return new GrpcError(status.UNKNOWN, `${doing}: ${said}`, { cause: error });
  }

  /** The status of an HTTP response that is not gRPC's, after gRPC's http-grpc-status-mapping. */
  static fromHttpStatus(httpStatus: number, doing: string): GrpcError {
    const code = HTTP_STATUSES.get(httpStatus) ?? status.UNKNOWN;
    return new GrpcError(
      code,
      `${doing} answered with HTTP status ${httpStatus} and no gRPC status; is it a gRPC server?`,
    );
  }

  /** A stream that the other side reset, after gRPC over HTTP/2, "Errors". */
  static fromReset(http2Code: number): GrpcError {
    const code = RESET_CODES.get(http2Code) ?? status.INTERNAL;
    return new GrpcError(code, `the stream was reset with HTTP/2 code ${http2Code}`);
  }
}

/** github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const HTTP_STATUSES: ReadonlyMap<number, status> = new Map([
  [400, status.INTERNAL],
  [401, status.UNAUTHENTICATED],
  [403, status.PERMISSION_DENIED],
  [404, status.UNIMPLEMENTED],
  [429, status.UNAVAILABLE],
  [502, status.UNAVAILABLE],
  [503, status.UNAVAILABLE],
  [504, status.UNAVAILABLE],
]);

/** REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY; the rest is INTERNAL. */
const RESET_CODES: ReadonlyMap<number, status> = new Map([
  [7, status.UNAVAILABLE],
  [8, status.CANCELLED],
  [11, status.RESOURCE_EXHAUSTED],
  [12, status.PERMISSION_DENIED],
]);

function isServiceError(error: unknown): error is { code: status; details: string } {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}
