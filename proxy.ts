// Before every page: only our own hosts are served, and scripts run only with this request's nonce.

import { type NextRequest, NextResponse } from 'next/server';
import { refusalOf } from '#app/request-guard.ts';

export const config = { matcher: ['/((?!api/|_next/static/|icon.svg|apple-icon.png|manifest.webmanifest).*)'] };

export function proxy(request: NextRequest): NextResponse {
  const refusal = refusalOf(request.headers);
  if (refusal !== undefined) return new NextResponse(`${refusal}\n`, { status: 403 });
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

function contentSecurityPolicy(nonce: string): string {
  const isDevelopment = process.env.NODE_ENV === 'development';
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    // Positions of virtual rows and menus are style attributes, which a nonce cannot admit.
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
