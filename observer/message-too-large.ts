// A message that a bound of ours does not admit.

export class MessageTooLargeError extends Error {
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(`message of ${bytes} bytes is above the limit of ${maxBytes}`);
    this.name = 'MessageTooLargeError';
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}
