// Names of Envoy's HTTP methods (envoy.config.core.v3.RequestMethod). Pure, browser-safe.

const names = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

/** '' for a number without a name. */
export function requestMethodName(number: number): string {
  return names[number] ?? '';
}

/** 0 for a method that the protocol has no number for. */
export function requestMethodNumber(name: string): number {
  return Math.max(0, names.indexOf(name.toUpperCase()));
}
