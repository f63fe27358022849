// Begins loading the programs of an exporter before the rest of it is even read from disk: the kernel checks them on
// another thread meanwhile. Must import little.

import { loadPrograms, type Programs } from './kernel/programs.ts';
import { ownPorts } from './own-ports.ts';

/**
 * For startExporter with the same addresses, whose they are then. Undefined where it has to see for itself: a port is not
 * known before it is bound, or nothing can be loaded at all, and it is startExporter that says why.
 */
export function programsAhead(listen: string, metrics: string | undefined): Programs | undefined {
  const ports = ownPorts(listen, metrics);
  if (ports.includes(0)) return undefined;
  try {
    return loadPrograms({ ownPorts: ports });
  } catch {
    return undefined;
  }
}
