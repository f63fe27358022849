// The one error of every gRPC call made or served here: a status code, and a sentence that says what was tried and what
// came of it. Platform errors are mapped to codes in this file alone.

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
   * @returns `error` as a GrpcError: as it is, from a grpc-js ServiceError, or from a system or HTTP/2 error
   */
  static from(error: unknown, doing: string): GrpcError {
    if (error instanceof GrpcError) return error;
    if (isServiceError(error)) return new GrpcError(error.code, `${doing}: ${error.details}`, { cause: error });
    const systemCode = systemCodeOf(error);
    const said = error instanceof Error ? error.message : String(error);
    const known = systemCode === undefined ? undefined : SYSTEM_ERRORS.get(systemCode);
    if (known !== undefined) return new GrpcError(known.code, `${doing}: ${known.words}`, { cause: error });
    if (systemCode?.startsWith('ERR_TLS') || systemCode?.startsWith('ERR_SSL') || systemCode?.startsWith('CERT_')) {
      return new GrpcError(status.UNAVAILABLE, `${doing}: TLS failed: ${said}`, { cause: error });
    }
    if (systemCode?.startsWith('ERR_HTTP2')) {
      return new GrpcError(status.UNAVAILABLE, `${doing}: the HTTP/2 connection broke: ${said}`, { cause: error });
    }
    return new GrpcError(status.UNKNOWN, `${doing}: ${said}`, { cause: error });
  }

  /** The status of an HTTP response that is not gRPC's, after gRPC's http-grpc-status-mapping. */
  static fromHttpStatus(httpStatus: number, doing: string): GrpcError {
    const code = HTTP_STATUSES.get(httpStatus) ?? status.UNKNOWN;
    return new GrpcError(
      code,
      `${doing}: answered with HTTP status ${httpStatus} and no gRPC status; is it a gRPC server?`,
    );
  }

  /** A stream that the other side reset, after gRPC over HTTP/2, "Errors". */
  static fromReset(http2Code: number, doing: string): GrpcError {
    const code = RESET_CODES.get(http2Code) ?? status.INTERNAL;
    return new GrpcError(code, `${doing}: the stream was reset with HTTP/2 code ${http2Code}`);
  }
}

const SYSTEM_ERRORS: ReadonlyMap<string, { code: status; words: string }> = new Map([
  ['ECONNREFUSED', { code: status.UNAVAILABLE, words: 'connection refused; nothing listens there' }],
  ['ECONNRESET', { code: status.UNAVAILABLE, words: 'connection reset by the other side' }],
  ['EPIPE', { code: status.UNAVAILABLE, words: 'connection closed by the other side' }],
  ['ETIMEDOUT', { code: status.UNAVAILABLE, words: 'connecting timed out' }],
  ['EHOSTUNREACH', { code: status.UNAVAILABLE, words: 'no route to the host' }],
  ['ENETUNREACH', { code: status.UNAVAILABLE, words: 'the network is unreachable' }],
  ['ENOTFOUND', { code: status.UNAVAILABLE, words: 'the name does not resolve' }],
  ['EAI_AGAIN', { code: status.UNAVAILABLE, words: 'the name did not resolve, the resolver did not answer' }],
  ['ENOENT', { code: status.UNAVAILABLE, words: 'there is no such socket' }],
  ['EACCES', { code: status.PERMISSION_DENIED, words: 'no permission to open the socket' }],
  ['ABORT_ERR', { code: status.CANCELLED, words: 'cancelled' }],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    { code: status.UNAVAILABLE, words: 'TLS failed: the certificate is self-signed and no CA was given for it' },
  ],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    { code: status.UNAVAILABLE, words: 'TLS failed: the CA of the certificate is not trusted' },
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    { code: status.UNAVAILABLE, words: 'TLS failed: the CA of the certificate is not known' },
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    { code: status.UNAVAILABLE, words: 'TLS failed: the CA of the certificate is not known' },
  ],
  ['CERT_HAS_EXPIRED', { code: status.UNAVAILABLE, words: 'TLS failed: the certificate has expired' }],
  ['EPROTO', { code: status.UNAVAILABLE, words: 'TLS failed: the other side does not speak TLS, or refused ours' }],
]);

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

function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
