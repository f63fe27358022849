// A verdict as one word of the table.

import type { FlowRow, RowVerdict } from '../store/flow-row.ts';

const words: Record<RowVerdict, string> = {
  forwarded: 'Forwarded',
  dropped: 'Dropped',
  error: 'Error',
  audit: 'Audited',
  redirected: 'Redirected',
  translated: 'Translated',
  traced: 'Traced',
  unknown: 'Unknown',
};

/** What the table says: a request that was forwarded but failed is an error to the reader. */
export function verdictWord(row: FlowRow): string {
  return row.verdict === 'forwarded' && row.outcome === 'server' ? 'Error' : words[row.verdict];
}
