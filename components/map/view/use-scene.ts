'use client';

// The scene keeper as React state: one keeper a mounted map, told of every model, read through its snapshot.

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ServiceMapModel } from '../../store/service-map-model.ts';
import { pageLayouter } from '../browser-layouter.ts';
import { browserMemory, type MapMemory } from '../place-memory.ts';
import { type MapSettings, SceneKeeper, type SceneSnapshot } from '../scene-keeper.ts';

/** One for the page: it writes behind, and maps come and go. */
let memory: MapMemory | undefined;

export function useScene(
  model: ServiceMapModel,
  settings: MapSettings,
): { keeper: SceneKeeper; snapshot: SceneSnapshot | undefined } {
  const [keeper] = useState(() => {
    memory ??= browserMemory();
    return new SceneKeeper({ layouter: pageLayouter(), memory });
  });
  const snapshot = useSyncExternalStore(keeper.subscribe, keeper.snapshot, none);
  useEffect(() => keeper.setModel(model, settings), [keeper, model, settings]);
  return { keeper, snapshot };
}

const none = () => undefined;
