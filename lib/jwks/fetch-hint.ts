import type { FetchFailure } from '../http/fetch-failure.js';

const CERTIFICATE = /CERT|UNABLE_TO_|HOSTNAME_MISMATCH/;
const TLS = /^EPROTO$|^ERR_SSL_|^ERR_TLS_/;

/**
 * A guess for the person who reads the log, in whole sentences; empty if there is none.
 *
 * @param proxyVariable the environment variable that names a proxy, if Node's client does not use it.
 */
export function fetchHint(
  { message, code = '', status = 200 }: FetchFailure,
  proxyVariable: string | null,
): string {
  if (status === 401 || status === 403 || status === 407) {
    return 'A server in front of Hanko refuses the request: make /.well-known/jwks.json public.';
  }
  if (status >= 300 && status < 400) {
    return 'The server redirects, and redirects are not followed: set apiUrl to the final address.';
  }
  if (status === 404 || /web page|not JSON|not a JWK Set/.test(message)) {
    return (
      "Is apiUrl the base address of Hanko's public API, as the Hanko Console shows it? " +
      'It is not the Admin API, and it has no /.well-known at its end.'
    );
  }
  if (CERTIFICATE.test(code)) {
    return (
      "Node does not trust the server's certificate: check the host name in apiUrl, " +
      'and set NODE_EXTRA_CA_CERTS for a certificate authority of your own.'
    );
  }
  if (TLS.test(code)) return 'The port does not speak https: check scheme and port of apiUrl.';
  if (code.startsWith('HPE_')) {
    return 'The port does not speak http: check scheme and port of apiUrl.';
  }
  return [connectHint(code), proxyHint(code, message, proxyVariable)].filter(Boolean).join(' ');
}

function connectHint(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'The host name in apiUrl cannot be resolved: check its spelling, and DNS.';
  }
  if (code === 'ECONNREFUSED') {
    return 'Nothing listens there: is Hanko running, and is the port right? In a container, localhost is the container.';
  }
  return '';
}

/** Proxies are needed where the way out is closed: names are not resolved, and connections get nowhere. */
function proxyHint(code: string, message: string, variable: string | null): string {
  const isClosed =
    message.startsWith('no reply within') ||
    /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(
      code,
    );
  return variable === null || !isClosed
    ? ''
    : `${variable} is set, and Node's HTTP client does not use it by itself: start Node with NODE_USE_ENV_PROXY=1 (from 22.21 and 24.5), or set the option fetch to a function that does.`;
}
