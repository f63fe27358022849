// Runs in the browser before React does: the stream of flows is opened, and the map's layouter is fetched, while the page is
// still being put together. Where this cannot run, the provider and the map begin a little later by themselves.

import { prepareLayouter } from '#components/map/browser-layouter.ts';
import { remembersMaps } from '#components/map/remembers-maps.ts';
import { pageStore } from '#components/store/open-worker.ts';
import { watchKeyOfAddress } from '#components/store/watch-key.ts';

performance.mark('page script');
if (!document.hidden) {
  pageStore().watch(watchKeyOfAddress(window.location.search));
  if (window.location.pathname === '/') prepareLayouter(remembersMaps());
}
