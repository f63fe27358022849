// The worker's entry: gets the canvas of the dots first, then orders. The still layer it paints beside the page and hands
// over as a bitmap together with its camera, so that the page puts both into place in one frame.

import { DotsPainter } from './dots-painter.ts';
import type { Painted, PaintOrder } from './paint-orders.ts';
import { StillPainter } from './still-painter.ts';

const canvas = new OffscreenCanvas(1, 1);
let dots: DotsPainter | undefined;

const still = new StillPainter({
  canvas,
  onPainted: (camera) => {
    const bitmap = canvas.transferToImageBitmap();
    self.postMessage({ bitmap, camera } satisfies Painted, { transfer: [bitmap] });
  },
  onGliding: (isGliding) => dots?.setShown(!isGliding),
});

self.onmessage = ({ data }: MessageEvent<OffscreenCanvas | PaintOrder>) => {
  if (data instanceof OffscreenCanvas) {
    dots = new DotsPainter(data);
    return;
  }
  still.take(data);
  if (data.kind === 'picture' && data.lines !== undefined) dots?.setPaths(still.lines.map(({ flat }) => flat));
  dots?.take(data);
  if (data.kind === 'fonts') for (const file of data.files) void load(file);
};

async function load({ family, source, weight, unicodeRange }: Extract<PaintOrder, { kind: 'fonts' }>['files'][number]) {
  const face = new FontFace(family, source, { weight, unicodeRange });
  // What a font cannot show, or one that does not load, is drawn with the next in the list.
  const loaded = await face.load().catch(() => undefined);
  if (loaded === undefined) return;
  (self as unknown as { fonts: FontFaceSet }).fonts.add(loaded);
  still.requestPaint();
}
