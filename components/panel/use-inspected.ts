'use client';

import { useEffect, useState } from 'react';
import { useTabStore } from '../store/dashboard-provider.tsx';
import type { FlowRow } from '../store/flow-row.ts';
import type { Inspected } from '../store/messages.ts';

/** The whole flow behind a row; undefined until the worker has answered. Asked again when the row is completed. */
export function useInspected(row: FlowRow | undefined): Inspected | undefined {
  const store = useTabStore();
  const [inspected, setInspected] = useState<Inspected>();
  useEffect(() => {
    let isCurrent = true;
    if (row !== undefined) void store?.inspect(row.seq).then((answer) => isCurrent && setInspected(answer));
    return () => {
      isCurrent = false;
    };
  }, [store, row]);
  return inspected?.seq === row?.seq ? inspected : undefined;
}
