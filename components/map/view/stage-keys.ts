// What the stage's own keys do: move the camera, and let go of the selection.

const PAN_STEP = 80;

/** @returns undefined for keys that mean nothing here */
export function keyAction(
  key: string,
  camera: { zoomBy: (factor: number) => void; panBy: (dx: number, dy: number) => void },
  fit: () => void,
  clear: () => void,
): (() => void) | undefined {
  switch (key) {
    case '+':
    case '=':
      return () => camera.zoomBy(1.3);
    case '-':
      return () => camera.zoomBy(1 / 1.3);
    case '0':
      return fit;
    case 'ArrowLeft':
      return () => camera.panBy(PAN_STEP, 0);
    case 'ArrowRight':
      return () => camera.panBy(-PAN_STEP, 0);
    case 'ArrowUp':
      return () => camera.panBy(0, PAN_STEP);
    case 'ArrowDown':
      return () => camera.panBy(0, -PAN_STEP);
    case 'Escape':
      return clear;
    default:
      return undefined;
  }
}
