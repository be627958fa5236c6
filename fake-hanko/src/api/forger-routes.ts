import type { Route } from '../server/route.js';
import type { Forger } from '../tokens/forgeries.js';

/** Where the `jku` and `x5u` of forged tokens point to: whoever follows them finds a key that fits. */
export function forgerRoutes(forger: () => Forger): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/forger/jwks.json',
      handle: async () => ({ status: 200, body: { keys: [(await forger().own()).publicJwk] } }),
    },
    {
      method: 'GET',
      path: '/forger/certificate.pem',
      handle: async () => ({
        status: 200,
        text: toPem(await forger().certificate()),
        headers: { 'content-type': 'application/x-pem-file' },
      }),
    },
  ];
}

const toPem = (certificate: Buffer): string => {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};
