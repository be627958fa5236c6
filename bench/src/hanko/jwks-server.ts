import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HankoSettings } from '../contenders/contender.js';
import type { SigningKey } from './signing-key.js';
import { AUDIENCE, ISSUER } from './tokens.js';

const JWKS_PATH = '/.well-known/jwks.json';

/** Serves the JWKS under an address of its own for each caller, and counts who fetched it how often. */
export class JwksServer implements AsyncDisposable {
  private readonly fetches = new Map<string, number>();

  private constructor(private readonly server: Server) {}

  static async start(key: SigningKey): Promise<JwksServer> {
    const body = JSON.stringify({ keys: [key.publicJwk] });
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      if (!path.endsWith(JWKS_PATH)) {
        response.writeHead(404).end();
        return;
      }
      const caller = path.slice(1, -JWKS_PATH.length);
      jwks.fetches.set(caller, jwks.fetchesOf(caller) + 1);
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    const jwks = new JwksServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return jwks;
  }

  /** @param caller a name without slashes. */
  settingsFor(caller: string): HankoSettings {
    const { port } = this.server.address() as AddressInfo;
    const apiUrl = `http://127.0.0.1:${port}/${caller}`;
    return { apiUrl, jwksUrl: apiUrl + JWKS_PATH, issuer: ISSUER, audience: AUDIENCE };
  }

  fetchesOf(caller: string): number {
    return this.fetches.get(caller) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
