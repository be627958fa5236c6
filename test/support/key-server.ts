import { createSign, type KeyObject, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';

/** A key and its name in a JWKS: two tenants may have one of them in common. */
export interface NamedKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** Publishes any keys, by any path: what a tenant with a server of its own can do. */
export class KeyServer implements AsyncDisposable {
  /** By the first segment of the path. */
  readonly published = new Map<string, readonly NamedKey[]>();
  /** First segments, of each request. */
  readonly asked: string[] = [];
  private readonly server = createServer((request, response) => {
    const [, id = ''] = (request.url ?? '').split('/');
    this.asked.push(id);
    const keys = this.published.get(id);
    const body = keys === undefined ? { code: 404, message: 'tenant not found' } : jwksOf(keys);
    response
      .writeHead(keys === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  });

  static async start(): Promise<KeyServer> {
    const it = new KeyServer();
    await new Promise<void>((resolve) => it.server.listen(0, '127.0.0.1', resolve));
    return it;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const jwksOf = (keys: readonly NamedKey[]): object => ({
  keys: keys.map(({ kid, key }) => ({
    ...createPublicKey(key).export({ format: 'jwk' }),
    kid,
    alg: 'RS256',
    use: 'sig',
  })),
});

/** Signs a session token with the claims that Hanko writes. */
export function signSession(
  { kid, key }: NamedKey,
  claims: Readonly<Record<string, unknown>> = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    sub: randomUUID(),
    session_id: randomUUID(),
    aud: ['localhost'],
    iat: now,
    exp: now + 3_600,
    ...claims,
  };
  const text = [{ alg: 'RS256', kid, typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
}
