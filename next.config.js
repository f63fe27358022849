// The page's build: a standalone server without image processing, telemetry or anything fetched from elsewhere.
// The Content-Security-Policy is set for each request in proxy.ts, since it carries a nonce.

/** @type {import('next').NextConfig} */
const config = {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // Fonts and icons are files of the build: nothing needs sharp, and its binaries would be half of the image.
  images: { unoptimized: true },
  outputFileTracingExcludes: {
    'next-server': ['**/node_modules/@img/**', '**/node_modules/sharp/**', '**/node_modules/semver/**'],
  },
  serverExternalPackages: ['@grpc/grpc-js'],
  // Types are checked over all rooms by `npm run check`; the build alters this file, not the root's.
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'app/tsconfig.json' },
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'x-content-type-options', value: 'nosniff' },
        { key: 'x-frame-options', value: 'DENY' },
        { key: 'referrer-policy', value: 'no-referrer' },
        { key: 'cross-origin-opener-policy', value: 'same-origin' },
        { key: 'cross-origin-resource-policy', value: 'same-origin' },
        { key: 'permissions-policy', value: 'camera=(), microphone=(), geolocation=()' },
      ],
    },
  ],
};

export default config;
