// The flows of a watch as lines of JSON, one GetFlowsResponse each, in Hubble's form.

import { readWatchMessage } from '#components/store/flow-batch.ts';
import { formatResponseJson } from '#flow/text/json.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { RelayLinesOptions } from './relay-lines.ts';

/** @param follow false: the first batch that is not history is behind the end */
export function flowLines(follow: boolean): Pick<RelayLinesOptions, 'head' | 'lines'> {
  return {
    head: '',
    lines: (message) => {
      const read = readWatchMessage(message);
      if (read?.kind !== 'flows') return '';
      const { history, responses } = read.batch;
      if (!history && !follow) return undefined;
      return responses.map((bytes) => `${formatResponseJson(GetFlowsResponse.decode(bytes))}\n`).join('');
    },
  };
}
