import type { FakeUser } from '../store/records.js';

/** Content of a session token. Without any member: a new user who logged in just now with a password. */
export interface TokenShape {
  /** A user of this server, or the id of one. */
  readonly user?: FakeUser | string;
  /** The user with this address, made if there is none. */
  readonly email?: string;
  /** Whether a user that is made here has proved the address. Default true. */
  readonly emailVerified?: boolean;
  /** The user with this name, made if there is none. */
  readonly username?: string;
  /** Authentication methods of the login, the `amr` claim. Default `['pwd']`; null omits the claim, as the Admin API does. */
  readonly amr?: readonly string[] | null;
  /** Claims of a JWT template. As on a real server, Hanko's own are written over them. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How long ago the user logged in, in seconds. Default 0; negative = in the future. */
  readonly ageSeconds?: number;
  /** Life of the session, in seconds. Default: `lifespanSeconds` of the server. */
  readonly lifespanSeconds?: number;
  /** Audience, the `aud` claim of the token. Default: `audience` of the server. */
  readonly audience?: string | readonly string[];
  /** Issuer, the `iss` claim of the token. Default: `issuer` of the server. */
  readonly issuer?: string;
  /** Id of the published key that signs. Default: the newest. */
  readonly kid?: string;
}

/** Options of a webhook's token. */
export interface WebhookShape {
  /** How long ago the event was, in seconds. Default 0; after 300 its token has expired. */
  readonly ageSeconds?: number;
}

/** A token to be signed exactly as it stands. */
export interface RawToken {
  /** Laid over `{ alg: 'RS256', kid, typ: 'JWT' }`; a member that is undefined is omitted. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The claims, or text or bytes that need not be JSON. */
  readonly payload: Readonly<Record<string, unknown>> | string | Uint8Array;
  /** Id of the published key that signs. Default: the newest. */
  readonly kid?: string;
}
