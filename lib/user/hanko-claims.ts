import type { HankoClaimsSchema, InferHankoClaims } from './standard-schema.js';

/**
 * Where an app registers the type of its option `claimsSchema`; {@link HankoClaims} then has the claims that the
 * schema makes:
 * ```ts
 * const claimsSchema = z.object({
 *   plan: z.enum(['free', 'team']).catch('free'),
 *   seats: z.coerce.number().optional(),
 * });
 *
 * declare module 'nestjs-hanko' {
 *   interface HankoRegister {
 *     claimsSchema: typeof claimsSchema;
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line no-empty-interface, no-empty-object-type
export interface HankoRegister {}

type RegisteredClaims = HankoRegister extends {
  readonly claimsSchema: infer Schema extends HankoClaimsSchema;
}
  ? InferHankoClaims<Schema>
  : object;

/**
 * The claims of a verified session token, as Hanko sent them.
 *
 * `sub`, `session_id`, `iat`, `exp` and `aud` have been checked. Everything else is what the server's
 * JWT template put there, and a user can influence some of it: treat it as optional and untrusted.
 *
 * Declare your own claims once, and the compiler knows them everywhere:
 * ```ts
 * declare module 'nestjs-hanko' {
 *   interface HankoClaims {
 *     readonly tier?: 'free' | 'gold';
 *   }
 * }
 * ```
 * Declaring is not checking: nothing verifies at run time that `tier` holds what you say. With the option
 * `claimsSchema`, register the schema in {@link HankoRegister} instead, and declare nothing here.
 *
 * Source: hanko backend/session/session.go.
 */
export interface HankoClaims extends RegisteredClaims {
  /** Subject: the user's id, a UUID (RFC 7519 §4.1.2). */
  readonly sub: string;
  /** Id of the session on the server, a UUID. */
  readonly session_id: string;
  /** Issued at: the login time, seconds since 1970 (RFC 7519 §4.1.6). */
  readonly iat: number;
  /** Expiration time, seconds since 1970 (RFC 7519 §4.1.4). */
  readonly exp: number;
  /** Audience (RFC 7519 §4.1.3); Hanko sends a list. */
  readonly aud?: string | readonly string[];
  /** Issuer; absent unless the server is configured to send one. */
  readonly iss?: unknown;
  /** Use `user.email`: a template can put text here. */
  readonly email?: unknown;
  /** Username as sent; use `user.username`, which is checked. */
  readonly username?: unknown;
  /** Authentication methods as sent; use `user.amr`, which is checked. */
  readonly amr?: unknown;
}
