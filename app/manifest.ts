// What a browser needs to install the page as an application. There is no service worker: nothing here is worth keeping once
// the relay cannot be reached.

import type { MetadataRoute } from 'next';

export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'Parallax',
    short_name: 'Parallax',
    description: 'Who talks to whom, what is slow, what is refused and why',
    start_url: '/',
    display: 'standalone',
    background_color: '#0f1218',
    theme_color: '#0f1218',
    icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
  };
}
