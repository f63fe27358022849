'use client';

// The buttons at the map's bottom right, and the choice of figure and view at its top right.

import {
  Expand,
  FileImage,
  ImageDown,
  List,
  LocateFixed,
  type LucideIcon,
  Map as MapIcon,
  Minus,
  Plus,
  Shrink,
  Sparkles,
} from 'lucide-react';
import { METRIC_NAMES } from '../graph/figure-text.ts';
import { MAP_METRICS, MAP_SCOPES, type MapMetric, type MapScope } from '../map-view-types.ts';
import { Choice } from './choice.tsx';
import type { PictureFormat } from './save-map.ts';

function ControlButton(props: { icon: LucideIcon; label: string; hint: string; onPress: () => void }) {
  const Icon = props.icon;
  return (
    <button
      type="button"
      aria-label={props.label}
      title={`${props.label}${props.hint}`}
      onClick={props.onPress}
      className="grid h-7 w-8 place-items-center text-fg-2 hover:bg-hover hover:text-fg"
    >
      <Icon size={14} strokeWidth={1.8} aria-hidden="true" />
    </button>
  );
}

export interface ZoomControlsProps {
  readonly isFullscreen: boolean;
  readonly onZoom: (factor: number) => void;
  readonly onFit: () => void;
  readonly onTidy: () => void;
  readonly onFullscreen: () => void;
  readonly onSave: (format: PictureFormat) => void;
}

export function ZoomControls(props: ZoomControlsProps) {
  const { isFullscreen, onZoom, onFit, onTidy, onFullscreen, onSave } = props;
  return (
    <div
      data-map-control=""
      className="absolute right-3 bottom-3 z-10 flex divide-x divide-line overflow-hidden rounded-control border border-line bg-raised shadow-card"
    >
      <ControlButton icon={Minus} label="Zoom out" hint=" (-)" onPress={() => onZoom(1 / 1.3)} />
      <ControlButton icon={Plus} label="Zoom in" hint=" (+)" onPress={() => onZoom(1.3)} />
      <ControlButton icon={LocateFixed} label="Fit the map" hint=" (0)" onPress={onFit} />
      <ControlButton icon={Sparkles} label="Tidy: lay out afresh" hint="" onPress={onTidy} />
      <ControlButton icon={ImageDown} label="Save the map as PNG" hint="" onPress={() => onSave('png')} />
      <ControlButton icon={FileImage} label="Save the map as SVG" hint="" onPress={() => onSave('svg')} />
      <ControlButton
        icon={isFullscreen ? Shrink : Expand}
        label={isFullscreen ? 'Leave full screen' : 'Full screen'}
        hint=""
        onPress={onFullscreen}
      />
    </div>
  );
}

const SCOPE_NAMES: Readonly<Record<MapScope, string>> = {
  cluster: 'Clusters',
  namespace: 'Namespaces',
  workload: 'Services',
  pod: 'Pods',
  process: 'Processes',
};

export interface MapChoicesProps {
  readonly metric: MapMetric;
  readonly onMetricChange: ((metric: MapMetric) => void) | undefined;
  readonly scope: MapScope;
  readonly onScopeChange: ((scope: MapScope) => void) | undefined;
  readonly isList: boolean;
  /** Absent where the page around the map has its own list, whose button then stands in the corner. */
  readonly onListChange: ((isList: boolean) => void) | undefined;
  /** Namespaces that are open now, and in all; no buttons for a map without namespaces. */
  readonly openCount: number;
  readonly groupCount: number;
  readonly onAllClosed: (isClosed: boolean) => void;
}

export function MapChoices(props: MapChoicesProps) {
  const Icon = props.isList ? MapIcon : List;
  const button =
    'h-7 rounded-control border border-line bg-raised px-2 text-fg-2 text-xs hover:border-line-strong hover:text-fg';
  return (
    <div
      data-map-control=""
      className={`absolute top-2.5 z-10 flex items-center gap-1.5 whitespace-nowrap ${props.onListChange ? 'right-3' : 'right-14'}`}
    >
      {!props.isList && props.groupCount > 1 && (
        <button type="button" className={button} onClick={() => props.onAllClosed(props.openCount > 0)}>
          {props.openCount > 0 ? 'Close all' : 'Open all'}
        </button>
      )}
      {props.onScopeChange && (
        <Choice
          label="Scope: what one card stands for"
          value={props.scope}
          choices={MAP_SCOPES}
          names={SCOPE_NAMES}
          onChoose={props.onScopeChange}
        />
      )}
      {props.onMetricChange && (
        <Choice
          label="Figure shown on the map"
          value={props.metric}
          choices={MAP_METRICS}
          names={METRIC_NAMES}
          onChoose={props.onMetricChange}
        />
      )}
      {props.onListChange && (
        <button
          type="button"
          aria-pressed={props.isList}
          className={`${button} flex items-center gap-1.5`}
          onClick={() => props.onListChange?.(!props.isList)}
        >
          <Icon size={13} aria-hidden="true" />
          {props.isList ? 'Map' : 'List'}
        </button>
      )}
    </div>
  );
}

/** `isSimple`: the layout worker failed, so cards stand in plain columns; said here because the map still works. */
export function MapLegend(props: { hasSelection: boolean; hasMarks: boolean; isSimple: boolean }) {
  const { hasSelection, hasMarks, isSimple } = props;
  const line = 'h-0 w-3.5 border-t-2';
  return (
    <div className="pointer-events-none absolute bottom-3.5 left-4 z-10 flex items-center gap-4 text-2xs text-fg-3 max-md:hidden">
      <span className="flex items-center gap-1.5">
        <i className={`${line} border-edge`} /> forwarded
      </span>
      <span className="flex items-center gap-1.5">
        <svg aria-hidden="true" viewBox="0 0 16 10" className="h-2.5 w-4">
          <path d="M0 5H16" className="stroke-warn-fill" strokeWidth="2" />
          <path d="M8 0.5 12.4 8.3H3.6Z" className="fill-warn-fill" />
        </svg>
        errors or slow
      </span>
      {hasSelection && (
        <span className="flex items-center gap-1.5">
          <i className={`${line} border-accent`} /> selected
        </span>
      )}
      <span className="flex items-center gap-1.5">
        <i className={`${line} border-bad border-dashed`} /> dropped
      </span>
      {hasMarks && <MarkLegend />}
      {isSimple && <span className="text-warn">simple layout: the layout worker did not load</span>}
    </div>
  );
}

function MarkLegend() {
  return (
    <>
      <span className="flex items-center gap-1.5 text-fg-2">
        <svg aria-hidden="true" viewBox="0 0 16 10" className="h-2.5 w-4 stroke-bad" strokeWidth="2">
          <path d="M0 5H16" strokeDasharray="6 3" />
          <path d="M5 2 11 8M11 2 5 8" />
        </svg>
        would be denied
      </span>
      <span className="flex items-center gap-1.5 text-fg-2">
        <svg aria-hidden="true" viewBox="0 0 16 10" className="h-2.5 w-4 fill-none stroke-ok" strokeWidth="2">
          <path d="M0 5H16" />
          <circle cx="8" cy="5" r="3.4" />
        </svg>
        would be allowed
      </span>
      <span className="flex items-center gap-1.5 text-fg-2">
        <svg aria-hidden="true" viewBox="0 0 16 10" className="h-2.5 w-4">
          <path d="M0 5H16" className="stroke-warn-fill" strokeWidth="2" strokeDasharray="2 3" />
          <path d="M8 0.5 12.4 8.3H3.6Z" className="fill-warn-fill" />
        </svg>
        not known
      </span>
    </>
  );
}
