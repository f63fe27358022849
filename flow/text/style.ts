// How lines are written: times, node names, translation of addresses, colour.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { formatTimestamp, msOfTimestamp } from '../timestamp.ts';
import { escapeControls } from './escape.ts';

export const timeFormats = [
  'StampMilli',
  'RFC3339',
  'RFC3339Milli',
  'RFC3339Micro',
  'RFC3339Nano',
  'RFC1123Milli',
] as const;
export type TimeFormat = (typeof timeFormats)[number];

export interface LineStyle {
  /** Times are UTC. Default StampMilli: "Nov 22 20:42:36.929". */
  readonly timeFormat?: TimeFormat;
  /** Print the node that saw the flow. Default false. */
  readonly nodeName?: boolean;
  /** Print names for addresses where they are known. Default true. */
  readonly ipTranslation?: boolean;
  /** Print which policies allowed or denied a flow, where it says so. Default false. */
  readonly policyNames?: boolean;
  /** ANSI colours. Default false. */
  readonly color?: boolean;
}

/** "N/A" where there is no time. */
export function timeText(time: Timestamp | undefined, format: TimeFormat = 'StampMilli'): string {
  const rfc3339 = time && formatTimestamp(time);
  if (time === undefined || rfc3339 === undefined) return 'N/A';
  const second = rfc3339.slice(0, 19);
  const digits = String(time.nanos).padStart(9, '0');
  switch (format) {
    case 'RFC3339':
      return `${second}Z`;
    case 'RFC3339Milli':
      return `${second}.${digits.slice(0, 3)}Z`;
    case 'RFC3339Micro':
      return `${second}.${digits.slice(0, 6)}Z`;
    case 'RFC3339Nano':
      return rfc3339.replace(/(\.\d*?)0+Z$/, '$1Z');
    case 'StampMilli':
    case 'RFC1123Milli': {
      // "Sun, 22 Nov 2026 20:42:36 GMT"
      const [weekday = '', day = '', month = '', year = '', clock = ''] = new Date(msOfTimestamp(time))
        .toUTCString()
        .split(' ');
      const clockMs = `${clock}.${digits.slice(0, 3)}`;
      return format === 'StampMilli'
        ? `${month} ${day.replace(/^0/, ' ')} ${clockMs}`
        : `${weekday} ${day} ${month} ${year} ${clockMs} UTC`;
    }
  }
}

const ansi = { red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;

/** Escapes the text, and colours it if the style says so. */
export function paint(style: LineStyle, color: keyof typeof ansi, text: string): string {
  const safe = escapeControls(text);
  return style.color === true && safe !== '' ? `\u001b[${ansi[color]}m${safe}\u001b[0m` : safe;
}
