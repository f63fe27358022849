// Who may ask this server: a page on any site can send requests to a local port, and by pointing its own name at
// 127.0.0.1 (DNS rebinding) even read the answers. So the Host must be ours, and an Origin, where there is one, the
// same. Hosts beyond loopback are named in PARALLAX_HOSTS, comma-separated; "*" admits all, for a proxy that checks.

const loopback = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @returns undefined if admitted, else the reason in words. */
export function refusalOf(headers: Headers, allowedHosts = process.env.PARALLAX_HOSTS ?? ''): string | undefined {
  const host = headers.get('host') ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const allowed = allowedHosts.split(',').map((entry) => entry.trim().toLowerCase());
  if (!loopback.test(name) && !allowed.includes(name) && !allowed.includes('*'))
    return `Host "${host}" is not one of this server's: name it in PARALLAX_HOSTS to allow it.`;
  const origin = headers.get('origin');
  if (origin !== null && hostOf(origin) !== host.toLowerCase())
    return `Origin "${origin}" is not this page (${host}): requests from other sites are refused.`;
  return undefined;
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
