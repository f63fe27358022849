// Why a peer cannot be reached, in words that say what to look at: a clause whose subject is the peer. Pure.

const noTls = 'it does not speak TLS, and this side was told that it does';
const unknownCa = 'its certificate is signed by none of the CAs given';
const refusedOurs = 'it does not accept the client certificate of this side';

const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; nothing listens there',
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'the name server does not answer',
  ENOENT: 'there is no such socket',
  EACCES: 'this process may not open the socket',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownCa,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  CERT_SIGNATURE_FAILURE: unknownCa,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; are the clocks right?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate, and this side has none',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `${refusedOurs}: its CA is another`,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: `${refusedOurs}: its CA is another`,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: `${refusedOurs}: it has expired`,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refusedOurs,
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: refusedOurs,
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_EXPIRED: `${refusedOurs}: it has expired`,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no TLS 1.3',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks no TLS 1.3',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client certificate of this side does not belong to its key',
};

/** How a connection ends before HTTP/2 has begun: bytes that are none of it, or none at all. */
const cutShort = new Set([
  'ERR_HTTP2_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_STREAM_CANCEL',
]);

/** @param usesTls whether this side spoke TLS */
export function explainConnectionError(error: unknown, usesTls: boolean): string {
  const { code = '', message = String(error) } = (error ?? {}) as { code?: unknown; message?: string };
  const known = typeof code === 'string' ? byCode[code] : undefined;
  if (known !== undefined) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${message}`;
  if (!cutShort.has(String(code))) return message;
  return usesTls
    ? 'it ended the connection before HTTP/2 began, as a server does that does not accept the client certificate of this side'
    : 'it ended the connection before HTTP/2 began, as a server does that expects TLS: this side spoke plaintext';
}
