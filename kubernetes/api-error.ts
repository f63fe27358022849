// What went wrong with a request to the Kubernetes API, as one class: the kind decides what is done next, the text is for
// people. Text from a server is bounded and stripped, and never holds what we authenticate with.

export type ApiErrorKind =
  /** No answer: not reached, TLS refused, cut off. */
  | 'unreachable'
  /** Silent for longer than is waited. */
  | 'stalled'
  /** 401: the credentials are not accepted. */
  | 'unauthorized'
  /** 403: accepted, but may not do this. */
  | 'forbidden'
  /** 404: there is no such resource, as for a CRD that is not installed. */
  | 'absent'
  /** 410: the resource version or continue token is too old; only a new list helps. */
  | 'expired'
  /** 429, 5xx: may pass. */
  | 'unavailable'
  /** An answer that is none of Kubernetes' API. */
  | 'unreadable';

export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** What the server asks to wait for, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: ApiErrorKind, text: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }

  static from(error: unknown, kind: ApiErrorKind = 'unreachable'): ApiError {
    if (error instanceof ApiError) return error;
    return new ApiError(kind, error instanceof Error ? printable(error.message) : printable(String(error)), {
      cause: error,
    });
  }
}

const maxTextLength = 300;

/** One line without control characters, not longer than a person reads. `secrets` are left out wherever they appear. */
export function printable(text: string, secrets: readonly string[] = []): string {
  let safe = text;
  for (const secret of secrets) if (secret !== '') safe = safe.replaceAll(secret, '(credentials)');
  safe = safe.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return safe.length > maxTextLength ? `${safe.slice(0, maxTextLength)}...` : safe;
}

/** The kind that an HTTP status stands for; undefined for success. */
export function kindOfStatus(status: number): ApiErrorKind | undefined {
  if (status >= 200 && status < 300) return undefined;
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'absent';
    case 410:
      return 'expired';
    default:
      return status === 429 || status >= 500 ? 'unavailable' : 'unreadable';
  }
}
