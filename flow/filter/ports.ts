// source_port, destination_port: decimal text of a 16-bit port.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';

/** Leading zeros are allowed. A flow's port is cut to 16 bits, as on the packet: 65616 matches "80". */
export function compilePorts(field: keyof FlowFilter, values: readonly string[]) {
  const wanted = new Set(
    values.map((value) => {
      const port = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
      if (!(port <= 65_535)) throw badValue(field, value, 'is no port', 'write a decimal number from 0 to 65535');
      return port;
    }),
  );
  return (port: number | undefined): boolean => port !== undefined && wanted.has(port & 0xffff);
}
