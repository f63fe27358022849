// The one question about kept places that is asked before there is a map. Apart, since it is part of every page's first script.

export const MEMORY_NAME = 'parallax.maps.1';

/** Whether this browser keeps places of any map. */
export function remembersMaps(): boolean {
  try {
    return window.localStorage.getItem(MEMORY_NAME) !== null;
  } catch {
    return false;
  }
}
