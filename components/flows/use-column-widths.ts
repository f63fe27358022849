'use client';

import { useCallback } from 'react';
import { type Column, type Widths, widthWithin } from '../url/table-look.ts';
import { useWidths } from '../url/url-state.ts';

export interface ColumnWidths {
  readonly widths: Widths;
  /** @param px undefined: the column's own width again */
  readonly resize: (column: Column, px: number | undefined) => void;
}

/** The widths that the reader set, as the URL has them. */
export function useColumnWidths(): ColumnWidths {
  const [widths, setWidths] = useWidths();
  const resize = useCallback(
    (column: Column, px: number | undefined) => {
      void setWidths((before) => {
        const next = new Map(before);
        if (px === undefined) next.delete(column);
        else next.set(column, widthWithin(px));
        return next.size === 0 ? null : next;
      });
    },
    [setWidths],
  );
  return { widths, resize };
}
