// The lines of a stream of responses in one of the output formats of observe: what goes to standard output, what to
// standard error.

import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { formatCompact } from './compact.ts';
import { dictSeparator, formatDict, formatLostEventsDict } from './dict.ts';
import { formatResponseJson } from './json.ts';
import { formatLostEvents } from './lost-events.ts';
import { formatNodeStatus, formatNodeStatusDict, isTrouble } from './node-status.ts';
import type { LineStyle } from './style.ts';
import { FlowTable } from './table.ts';

export const outputFormats = ['compact', 'dict', 'json', 'jsonpb', 'table'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface PrinterOptions extends LineStyle {
  readonly format?: OutputFormat;
  /** Print node status that is no trouble, too. Default false. */
  readonly debug?: boolean;
}

/** Lines with their newlines; '' where there is nothing to say. */
export interface Printed {
  readonly output: string;
  readonly errors: string;
}

const nothing: Printed = { output: '', errors: '' };

/** Returns a function to call with each response in turn: the first line of a stream differs from the others. */
export function createPrinter(options: PrinterOptions = {}): (response: GetFlowsResponse) => Printed {
  const { format = 'compact' } = options;
  const table = new FlowTable(options);
  let printed = 0;
  const output = (text: string): Printed => {
    const before = printed++ === 0 ? (format === 'table' ? `${table.header()}\n` : '') : separator(format);
    return { output: `${before}${text}\n`, errors: '' };
  };
  return (response) => {
    const event = response.responseTypes;
    switch (event?.$case) {
      case 'flow':
        if (isJson(format)) return output(formatResponseJson(response));
        if (format === 'table') return output(table.flow(event.value));
        return output(format === 'dict' ? formatDict(event.value, options) : formatCompact(event.value, options));
      case 'lostEvents':
        if (isJson(format)) return output(formatResponseJson(response));
        if (format === 'table') return output(table.lostEvents(event.value));
        return output(format === 'dict' ? formatLostEventsDict(event.value, options) : formatLostEvents(event.value));
      case 'nodeStatus': {
        if (!isTrouble(event.value) && options.debug !== true) return nothing;
        const line = isJson(format)
          ? formatResponseJson(response)
          : format === 'dict'
            ? formatNodeStatusDict(response, event.value, options)
            : formatNodeStatus(response, event.value, options);
        return { output: '', errors: `${line}\n` };
      }
      case undefined:
        return nothing;
    }
  };
}

function isJson(format: OutputFormat): boolean {
  return format === 'json' || format === 'jsonpb';
}

function separator(format: OutputFormat): string {
  return format === 'dict' ? `${dictSeparator}\n` : '';
}
