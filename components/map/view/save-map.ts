// The map as a file: SVG as it is drawn, PNG painted from that by the browser, twice as large where that is not too large.

import { mapSvg, type SavedMap } from '../draw/map-svg.ts';

export type PictureFormat = 'png' | 'svg';

/** Browsers make no canvas beyond 16,384 a side; 40 million pixels are 160 MB while it is made. */
const MAX_SIDE = 16_000;
const MAX_PIXELS = 40e6;

/** @throws Error where the browser cannot paint the picture */
export async function saveMap(map: SavedMap, format: PictureFormat): Promise<void> {
  const svg = new Blob([mapSvg(map)], { type: 'image/svg+xml' });
  download(format === 'svg' ? svg : await painted(svg), `service-map.${format}`);
}

async function painted(svg: Blob): Promise<Blob> {
  const image = new Image();
  // A data address: the page's policy admits no blob as an image.
  image.src = await dataAddress(svg);
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(2, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)));
  const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/png' });
}

function dataAddress(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('the picture cannot be read'));
    reader.readAsDataURL(blob);
  });
}

function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has its own hold on it by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
