import { channel } from 'node:diagnostics_channel';
import type { HankoAnswerCode } from '../errors/error-codes.js';

/**
 * Names of the `node:diagnostics_channel` channels. No payload ever holds a token, a cookie or an address.
 *
 * A subscriber must not throw: Node reports that as an uncaught exception, which ends the process.
 *
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { HANKO_CHANNELS, type HankoAuthenticationMessage } from 'nestjs-hanko';
 *
 * subscribe(HANKO_CHANNELS.authentication, (message) => {
 *   const { outcome } = message as HankoAuthenticationMessage;
 *   console.log(outcome); // authenticated, anonymous or refused
 * });
 * ```
 */
export const HANKO_CHANNELS = {
  /** One {@link HankoAuthenticationMessage} for each request that was authenticated or refused. */
  authentication: 'nestjs-hanko:authentication',
  /** One {@link HankoJwksMessage} for each finished fetch of the JWKS. */
  jwks: 'nestjs-hanko:jwks',
  /** One {@link HankoSessionMessage} for each finished question to Hanko whether a session is alive. */
  session: 'nestjs-hanko:session',
  /** One {@link HankoWebhookMessage} for each webhook that was received. */
  webhook: 'nestjs-hanko:webhook',
  /** One {@link HankoConnectionMessage} when a connection is watched, and one when it is over. */
  connection: 'nestjs-hanko:connection',
} as const;

/** What the message of each channel has in an app with the option `tenants`. */
interface OfTenant {
  /** Absent without tenants, and for a request whose tenant is not known. */
  readonly tenantId?: string;
}

/** Message of the channel `nestjs-hanko:authentication`: how one request was decided. */
export type HankoAuthenticationMessage = OfTenant & {
  /** `Controller.method`, or undefined outside of a handler. */
  readonly handler: string | undefined;
  /**
   * Milliseconds from where the credential was found to the verdict on it: form, keys, signature, revocation, session.
   * Undefined if nothing had to be verified.
   */
  readonly durationMs: number | undefined;
} & (
    | {
        /** Let in: whatever the route requires was met. */
        readonly outcome: 'authenticated';
        /** The `sub` and `session_id` claims. */
        readonly userId: string;
        readonly sessionId: string;
        /** The extractor that found the token: `bearer`, `cookie`, or the name of one of yours. */
        readonly source: string;
      }
    | {
        /** An `@OptionalAuth()` route without a credential, or with a cookie that is not valid. */
        readonly outcome: 'anonymous';
      }
    | {
        readonly outcome: 'refused';
        readonly code: HankoAnswerCode;
        /** The precise cause, in words for operators. */
        readonly reason: string;
        /** The user whose token is valid, and who does not meet what the route requires; undefined for any other refusal. */
        readonly userId: string | undefined;
        readonly sessionId: string | undefined;
      }
  );

/** How a call to Hanko failed. */
interface FailedCall {
  readonly outcome: 'failed';
  /** What went wrong, in words for operators, without an address. */
  readonly reason: string;
  /**
   * What kind of failure it is, one of few: the status (`503`), the platform's code (`ECONNREFUSED`), `timeout`, `not_called` if the
   * call was not made, or `_OTHER`.
   */
  readonly errorType: string;
}

/** Message of the channel `nestjs-hanko:jwks`: how one fetch of the keys ended. */
export type HankoJwksMessage = OfTenant & {
  /** Milliseconds that the fetch took. */
  readonly durationMs: number;
} & (
    | { readonly outcome: 'refreshed'; readonly kids: readonly string[] }
    | (FailedCall & {
        /** Milliseconds before the next try. */
        readonly retryInMs: number;
        /** True if the last good keys are used meanwhile. */
        readonly servesStale: boolean;
      })
  );

/** Message of the channel `nestjs-hanko:session`: how one call to `/sessions/validate` ended. */
export type HankoSessionMessage = OfTenant & {
  /** Milliseconds that the call took, with the wait for a free connection. */
  readonly durationMs: number;
} & (
    | { readonly outcome: 'alive' | 'ended' }
    | (FailedCall & {
        /** Milliseconds before Hanko is asked again; 0 while it is asked on demand. */
        readonly retryInMs: number;
      })
  );

/** Message of the channel `nestjs-hanko:webhook`: what became of one delivery. */
export type HankoWebhookMessage = OfTenant &
  (
    | { readonly outcome: 'done' | 'failed' | 'replay'; readonly event: string }
    | { readonly outcome: 'refused'; readonly reason: string }
  );

/**
 * Message of the channel `nestjs-hanko:connection`: what became of something that lives on after a call was let in, such as a
 * socket, a stream, or a signal of `HankoLiveSessions`.
 */
export type HankoConnectionMessage = OfTenant &
  (
    | {
        /** `watched` from now on; `closed` by the client or the app. */
        readonly outcome: 'watched' | 'closed';
        /** The `sub` and `session_id` claims. */
        readonly userId: string;
        readonly sessionId: string;
      }
    | {
        /** It ended with its session. */
        readonly outcome: 'ended';
        readonly userId: string;
        readonly sessionId: string;
        /** `token_expired`, `session_revoked`, or `hanko_unavailable` if nobody could say for too long whether the session is alive. */
        readonly code: HankoAnswerCode;
        /** The precise cause, in words for operators. */
        readonly reason: string;
      }
  );

/** For a message: the tenant, if there is one. */
export const ofTenant = (tenantId: string | undefined): OfTenant =>
  tenantId === undefined ? {} : { tenantId };

const authentication = channel(HANKO_CHANNELS.authentication);
const jwks = channel(HANKO_CHANNELS.jwks);
const session = channel(HANKO_CHANNELS.session);
const webhook = channel(HANKO_CHANNELS.webhook);
const connection = channel(HANKO_CHANNELS.connection);

/** Whether it is worth measuring what a message of this channel tells. */
export const isAuthenticationWatched = (): boolean => authentication.hasSubscribers;

export function publishAuthentication(message: HankoAuthenticationMessage): void {
  if (authentication.hasSubscribers) authentication.publish(message);
}

export function publishJwks(message: HankoJwksMessage): void {
  if (jwks.hasSubscribers) jwks.publish(message);
}

export function publishSession(message: HankoSessionMessage): void {
  if (session.hasSubscribers) session.publish(message);
}

export function publishWebhook(message: HankoWebhookMessage): void {
  if (webhook.hasSubscribers) webhook.publish(message);
}

export function publishConnection(message: HankoConnectionMessage): void {
  if (connection.hasSubscribers) connection.publish(message);
}
