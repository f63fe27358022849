// Why a peer cannot be reached, in words that say what to look at. Pure.

const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'the name server does not answer',
  ENOENT: 'there is no such socket',
  EACCES: 'this process may not open the socket',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS, and this relay was told that it does',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS, and this relay was told that it does',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by none of the CAs given',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by none of the CAs given',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by none of the CAs given',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by none of the CAs given',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate, and this relay has none',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no TLS 1.3',
};

/** What ends an attempt over plaintext with a peer that waits for TLS: bytes that are no HTTP/2, or a closed connection. */
const tlsExpected = new Set([
  'ERR_HTTP2_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_STREAM_CANCEL',
]);

/** @param usesTls whether this side spoke TLS */
export function explainConnectionError(error: unknown, usesTls: boolean): string {
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string };
  const known = byCode[code];
  if (known !== undefined) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${message}`;
  if (!usesTls && tlsExpected.has(code)) {
    return 'it ended the connection before HTTP/2 began, as a server does that expects TLS: this relay spoke plaintext';
  }
  return message;
}
