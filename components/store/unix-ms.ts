// Protobuf's time as the views use it.

/** Unix milliseconds with the fraction kept; 0 where there is no time. */
export function unixMs(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + time.nanos / 1e6;
}
