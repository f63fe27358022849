// The path of an HTTP request target, by the rules of Go's url.ParseRequestURI: an absolute URL, an absolute path, or
// "*". A fragment is part of the path, escapes are decoded, and a malformed URL has no path at all.

/** Undefined if the text is no request target. */
export function pathOfRequestUri(uri: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a request target must not have
  if (uri === '' || /[\u0000-\u001f\u007f]/.test(uri)) return undefined;
  if (uri === '*') return uri;
  if (uri.startsWith(':')) return undefined;
  const scheme = /^[A-Za-z][-+.0-9A-Za-z]*:/.exec(uri)?.[0] ?? '';
  const [rest = ''] = uri.slice(scheme.length).split('?', 1);
  if (!rest.startsWith('/')) return scheme === '' ? undefined : '';
  if (scheme === '' || !rest.startsWith('//')) return decodeEscapes(rest);
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  return isAuthority(authority) ? decodeEscapes(slash < 0 ? '' : rest.slice(slash)) : undefined;
}

/** "[userinfo@]host[:port]"; hosts may carry escapes of bytes beyond ASCII only. */
function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? '' : authority.slice(0, at);
  if (!/^(?:%[0-9A-Fa-f]{2}|[-._:~!$&'()*+,;=@0-9A-Za-z])*$/.test(userinfo)) return false;
  const host = authority.slice(at + 1);
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    return end > 0 && isOptionalPort(host.slice(end + 1)) && isHostText(host.slice(0, end).split('%25', 1)[0] ?? '');
  }
  const colon = host.lastIndexOf(':');
  return (colon < 0 || isOptionalPort(host.slice(colon))) && isHostText(host);
}

function isOptionalPort(text: string): boolean {
  return /^(?::[0-9]*)?$/.test(text);
}

function isHostText(host: string): boolean {
  return /^(?:%[89A-Fa-f][0-9A-Fa-f]|%25|[-_.~!$&'()*+,;=:[\]<>"0-9A-Za-z]|[\u0080-\u{10ffff}])*$/u.test(host);
}

/** Decodes %XX escapes; undefined for a broken escape. Bytes that are no UTF-8 become U+FFFD. */
function decodeEscapes(path: string): string | undefined {
  if (!path.includes('%')) return path;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = Uint8Array.from(escapes.slice(1).split('%'), (pair) => Number.parseInt(pair, 16));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  });
}
