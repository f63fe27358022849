// Views with a name, kept in this browser: a view is a URL of this page. What the browser's storage holds is not trusted:
// an entry that is no view of this page is not there.

const KEY = 'parallax.views';
/** More than a menu can show; the oldest leave. */
export const MOST_VIEWS = 50;
const MOST_NAME = 80;
const MOST_PATH = 16_384;

export interface SavedView {
  readonly name: string;
  /** Path and query on this page's own address. */
  readonly path: string;
}

/** Newest first. */
export function savedViews(storage: Pick<Storage, 'getItem'> = localStorage): SavedView[] {
  try {
    const entries: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(entries) ? entries.filter(isView).slice(0, MOST_VIEWS) : [];
  } catch {
    // Storage that is switched off, or text that another program left there: no views.
    return [];
  }
}

/** A view of the same name gives way. @returns what to tell the reader */
export function saveView(
  name: string,
  path: string,
  storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage,
): string {
  const view = { name, path };
  if (!isView(view)) return 'This view is too long to be kept.';
  const others = savedViews(storage).filter((each) => each.name !== name);
  return keep([view, ...others].slice(0, MOST_VIEWS), storage) ? `Saved as “${name}”.` : 'This browser keeps nothing.';
}

export function forgetView(name: string, storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage): void {
  keep(
    savedViews(storage).filter((view) => view.name !== name),
    storage,
  );
}

function keep(views: readonly SavedView[], storage: Pick<Storage, 'setItem'>): boolean {
  try {
    storage.setItem(KEY, JSON.stringify(views));
    return true;
  } catch {
    return false;
  }
}

/** A path of this page's own: "//host" and "/\host" would lead elsewhere. */
function isView(entry: unknown): entry is SavedView {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('path' in entry)) return false;
  const { name, path } = entry;
  if (typeof name !== 'string' || name === '' || name.length > MOST_NAME) return false;
  return typeof path === 'string' && path.length <= MOST_PATH && /^\/(?![/\\])/.test(path);
}
