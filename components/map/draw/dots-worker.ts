// The worker's entry: gets the canvas first, then orders. The page's thread never sees a frame of it.

import { type DotsOrder, DotsPainter } from './dots-painter.ts';

let painter: DotsPainter | undefined;

self.onmessage = ({ data }: MessageEvent<OffscreenCanvas | DotsOrder>) => {
  if (data instanceof OffscreenCanvas) painter = new DotsPainter(data);
  else painter?.take(data);
};
