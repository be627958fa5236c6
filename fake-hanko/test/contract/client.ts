import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { decodeJws, type RawResponse, send } from '../support/raw-http.js';

/** A Hanko server, real or not. */
export interface HankoServer {
  readonly url: string;
  readonly adminUrl: string;
  /** Of the management API, on a server with tenants. */
  readonly managementUrl?: string;
  /** The token of a webhook that it has sent; null if it cannot be had. */
  newWebhookToken(): Promise<string | null>;
  stop?(): Promise<void>;
}

/** A user as the Admin API shows it. */
export interface AdminUser {
  readonly id: string;
  readonly emails?: readonly { readonly id: string; readonly address: string }[];
  readonly username?: { readonly username: string };
}

/** Drives a server through HTTP alone, and takes away afterwards what it made. */
export class HankoClient {
  private server: HankoServer | undefined;
  private readonly userIds = new Set<string>();

  connect(server: HankoServer): void {
    this.server = server;
  }

  async disconnect(): Promise<void> {
    for (const id of this.userIds) await this.admin('DELETE', `/users/${id}`);
    await this.server?.stop?.();
  }

  get url(): string {
    return this.connected.url;
  }

  get adminUrl(): string {
    return this.connected.adminUrl;
  }

  get managementUrl(): string | undefined {
    return this.connected.managementUrl;
  }

  /** A request to the public API. */
  public(method: string, path: string, request: Request = {}): Promise<RawResponse> {
    return send({ method, url: this.url + path, ...withType(request) });
  }

  /** A request to the Admin API. */
  admin(method: string, path: string, request: Request = {}): Promise<RawResponse> {
    return send({ method, url: this.adminUrl + path, ...withType(request) });
  }

  /** A new user with one primary address. */
  createUserWithEmail(isVerified = true): Promise<AdminUser> {
    const email = {
      address: `${unique()}@example.test`,
      is_primary: true,
      is_verified: isVerified,
    };
    return this.createUser({ emails: [email] });
  }

  async createUser(fields: object): Promise<AdminUser> {
    return this.adopt(
      demand(200, await this.admin('POST', '/users', { body: fields })) as AdminUser,
    );
  }

  /** Takes a user away afterwards whom somebody else has made. */
  adopt<User extends { readonly id: string }>(user: User): User {
    this.userIds.add(user.id);
    return user;
  }

  async deleteUser({ id }: AdminUser): Promise<void> {
    demand(204, await this.admin('DELETE', `/users/${id}`));
    this.userIds.delete(id);
  }

  /** Logs a user in. @returns the session token. */
  async createSession({ id }: AdminUser): Promise<string> {
    const answer = await this.admin('POST', '/sessions', { body: { user_id: id } });
    return (demand(200, answer) as { session_token: string }).session_token;
  }

  /** A new user who is logged in. */
  async login(): Promise<{ readonly user: AdminUser; readonly token: string }> {
    const user = await this.createUserWithEmail();
    return { user, token: await this.createSession(user) };
  }

  /** A webhook token that is good; null if the server cannot send one to this machine. */
  newWebhookToken(): Promise<string | null> {
    return this.connected.newWebhookToken();
  }

  /** What POST `/sessions/validate` says. */
  validate(session_token: unknown): Promise<RawResponse> {
    return this.public('POST', '/sessions/validate', { body: { session_token } });
  }

  /** Whether the session lives. @throws Error if GET and POST do not agree. */
  async isAlive(token: string): Promise<boolean> {
    const headers = bearer(token);
    const [posted, got] = await Promise.all([
      this.validate(token),
      this.public('GET', '/sessions/validate', { headers }),
    ]);
    const { is_valid: isAlive } = demand(200, posted) as { is_valid: boolean };
    if ((demand(200, got) as { is_valid: boolean }).is_valid !== isAlive) {
      throw new Error('GET and POST /sessions/validate do not agree');
    }
    return isAlive;
  }

  private get connected(): HankoServer {
    if (this.server === undefined) throw new Error('The server of the contract has not started.');
    return this.server;
  }
}

/** The body of an answer that a test builds on. */
function demand(status: number, answer: RawResponse): unknown {
  if (answer.status === status) return answer.body;
  throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
}

interface Request {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/** A body is JSON unless it says otherwise. */
const withType = ({ headers = {}, body }: Request): Request => ({
  headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
  body,
});

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const cookie = (token: string) => ({ cookie: `hanko=${token}` });

/** A name that no earlier run has used. */
export const unique = (): string => `t${randomUUID().replaceAll('-', '').slice(0, 16)}`;

/** An id that no server knows. */
export const UNKNOWN_ID = '84ed1902-4075-491d-ab7d-65c3d07d42e9';

/** What to compare: real servers add header fields, and word their messages as they like. */
export const outcome = ({ status, body }: RawResponse) => ({ status, body });

/** The form of every error: the contract has no fixed words for people. */
export const problem = (status: number) => ({
  status,
  body: { code: status, message: expect.any(String) as unknown },
});

export const text = (): unknown => expect.any(String);
/** RFC 3339 in UTC, as Go prints it. */
export const time = (): unknown =>
  expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
export const uuid = (): unknown =>
  expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

export const sessionIdOf = (token: string): string => String(decodeJws(token).claims.session_id);

/** Four ways to spoil a token, by what is wrong with it. */
export function spoil(token: string): Readonly<Record<string, string>> {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const fields = decodeJws(token).header;
  const { kid: _kid, ...withoutKid } = fields;
  return {
    'alg none': `${encode({ ...fields, alg: 'none' })}.${payload}.`,
    'another kid': `${encode({ ...fields, kid: UNKNOWN_ID })}.${payload}.${signature}`,
    'no kid': `${encode(withoutKid)}.${payload}.${signature}`,
    'another signature': `${header}.${payload}.${'A'.repeat(signature.length)}`,
    'another payload': `${header}.${encode({ ...decodeJws(token).claims, sub: UNKNOWN_ID })}.${signature}`,
    'no signature': `${header}.${payload}`,
  };
}
