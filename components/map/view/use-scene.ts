'use client';

// The scene keeper as React state: one keeper a mounted map, told of every model, read through its snapshot.

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { MapVertex, ServiceMapModel } from '../../store/service-map-model.ts';
import { browserElkEngine } from '../browser-elk.ts';
import { GroupLayouts } from '../layout/layered-group.ts';
import { SceneKeeper, type SceneSnapshot } from '../scene-keeper.ts';

const acceptAll = () => true;

export function useScene(
  model: ServiceMapModel,
  visibleFilter: ((vertex: MapVertex) => boolean) | undefined,
): { keeper: SceneKeeper; snapshot: SceneSnapshot | undefined } {
  const [keeper] = useState(() => new SceneKeeper(new GroupLayouts(browserElkEngine())));
  const snapshot = useSyncExternalStore(keeper.subscribe, keeper.snapshot, () => undefined);
  useEffect(() => keeper.setModel(model, visibleFilter ?? acceptAll), [keeper, model, visibleFilter]);
  return { keeper, snapshot };
}
