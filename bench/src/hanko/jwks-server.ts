import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HankoSettings } from '../contenders/contender.js';
import { SessionAnswers } from './session-answers.js';
import type { SigningKey } from './signing-key.js';
import { AUDIENCE, ISSUER } from './tokens.js';

const JWKS_PATH = '/.well-known/jwks.json';
const VALIDATE_PATH = '/sessions/validate';

/** How a Hanko that is down shows it. */
export type Outage = 'refuses' | 'hangs';

/**
 * Serves the JWKS under an address of its own for each caller, and counts who fetched it how often. Says
 * of sessions whether they are alive. It runs in the process that runs the scenarios, which has nothing
 * else to do while apps and load run in theirs.
 */
export class JwksServer implements AsyncDisposable {
  private readonly server: Server;
  private readonly body: string;
  private readonly fetches = new Map<string, number>();
  private readonly sessions = new SessionAnswers();
  private isDown = false;

  private constructor(key: SigningKey) {
    this.body = JSON.stringify({ keys: [key.publicJwk] });
    this.server = createServer(this.handle);
  }

  static async start(key: SigningKey): Promise<JwksServer> {
    const jwks = new JwksServer(key);
    jwks.server.listen(0, '127.0.0.1');
    await once(jwks.server, 'listening');
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

  /** From now on the sessions of these tokens are alive, and no others. */
  setSessions(tokens: readonly string[]): void {
    this.sessions.set(tokens);
  }

  beginSession(token: string): void {
    this.sessions.add(token);
  }

  endSession(token: string): void {
    this.sessions.delete(token);
  }

  /** From now on nobody is answered. */
  async goDown(outage: Outage): Promise<void> {
    this.isDown = true;
    if (outage === 'refuses') await this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.listening) await this.close();
  }

  private async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private readonly handle: RequestListener = (request, response) => {
    if (this.isDown) return;
    const path = request.url ?? '';
    if (path.endsWith(JWKS_PATH)) {
      const caller = path.slice(1, -JWKS_PATH.length);
      this.fetches.set(caller, this.fetchesOf(caller) + 1);
      send(response, this.body);
    } else if (path.endsWith(VALIDATE_PATH)) {
      readToken(request, (token) => send(response, this.sessions.bodyFor(token)));
    } else {
      response.writeHead(404).end();
    }
  };
}

/** GET has the token in the header, POST in the body. */
function readToken(request: IncomingMessage, use: (token: string) => void): void {
  if (request.method === 'GET') {
    use(request.headers.authorization?.slice('Bearer '.length) ?? '');
    return;
  }
  let body = '';
  request
    .setEncoding('utf8')
    .on('data', (chunk: string) => (body += chunk))
    .on('end', () => use((JSON.parse(body) as { session_token: string }).session_token));
}

function send(response: ServerResponse, body: string): void {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  response.writeHead(200, headers).end(body);
}
