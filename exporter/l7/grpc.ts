// gRPC over HTTP/2: what makes a request gRPC, and the names of its status codes
// (github.com/grpc/grpc doc/PROTOCOL-HTTP2.md and doc/statuscodes.md).

const STATUS_NAMES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
  'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ' +
  'UNAUTHENTICATED';
const NAMES: readonly string[] = STATUS_NAMES.split(' ');

/** "NOT_FOUND" for 5; the number as text beyond those defined. */
export function grpcStatusName(status: number): string {
  return NAMES[status] ?? String(status);
}

export function isGrpcContentType(contentType: string | undefined): boolean {
  // application/grpc-web has its trailers in the body, so its status is not ours to wait for.
  return contentType !== undefined && /^application\/grpc(\+|;|$)/i.test(contentType);
}

export function parseGrpcStatus(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,3}$/.test(value) ? Number(value) : undefined;
}
