// The flows of a watch as lines of JSON, one GetFlowsResponse each, in Hubble's form.

import { readWatchMessage } from '#components/store/flow-batch.ts';
import { formatResponseJson } from '#flow/text/json.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { RelayLinesOptions } from './relay-lines.ts';

export const flowLines: Pick<RelayLinesOptions, 'head' | 'lines'> = {
  head: '',
  lines: (message) => {
    const read = readWatchMessage(message);
    if (read?.kind !== 'flows') return '';
    return read.batch.responses.map((bytes) => `${formatResponseJson(GetFlowsResponse.decode(bytes))}\n`).join('');
  },
};
