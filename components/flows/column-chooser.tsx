'use client';

import { Columns3 } from 'lucide-react';
import { Button } from '../controls/button.tsx';
import { Menu, MenuCheck, MenuHeading, MenuItem } from '../controls/menu.tsx';
import { COLUMNS, type Column } from '../url/table-look.ts';
import { useColumns, useSort, useWidths } from '../url/url-state.ts';
import { columnSpecs } from './columns.ts';

export function ColumnChooser() {
  const [columns, setColumns] = useColumns();
  const [, setWidths] = useWidths();
  const [, setSort] = useSort();
  const toggle = (column: Column, isShown: boolean) =>
    setColumns(COLUMNS.filter((each) => (each === column ? isShown : columns.includes(each))));
  const reset = () => {
    void setColumns(null);
    void setWidths(null);
    void setSort(null);
  };
  return (
    <Menu
      trigger={
        <Button weight="icon" className="border border-line bg-raised" aria-label="Columns">
          <Columns3 size={13} strokeWidth={1.8} aria-hidden />
        </Button>
      }
    >
      <MenuHeading>Columns</MenuHeading>
      {COLUMNS.map((column) => (
        <MenuCheck
          key={column}
          checked={columns.includes(column)}
          // A table without a column could not be told from one without flows.
          disabled={columns.length === 1 && columns.includes(column)}
          onChange={(isShown) => toggle(column, isShown)}
        >
          {columnSpecs[column].name}
        </MenuCheck>
      ))}
      <MenuItem onSelect={reset}>Reset columns, widths and order</MenuItem>
    </Menu>
  );
}
