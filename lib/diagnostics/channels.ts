import { channel } from 'node:diagnostics_channel';
import type { HankoAnswerCode } from '../errors/answers.js';

/**
 * Names of the `node:diagnostics_channel` channels. No payload ever holds a token, a cookie or an address.
 *
 * @example
 * diagnostics_channel.subscribe(HANKO_CHANNELS.authentication, (message) => {
 *   const { outcome, code } = message as HankoAuthenticationMessage;
 * });
 */
export const HANKO_CHANNELS = {
  /** One {@link HankoAuthenticationMessage} for each request that was authenticated or refused. */
  authentication: 'nestjs-hanko:authentication',
  /** One {@link HankoJwksMessage} for each finished fetch of the JWKS. */
  jwks: 'nestjs-hanko:jwks',
} as const;

/** Published on `nestjs-hanko:authentication`. */
export type HankoAuthenticationMessage =
  | {
      readonly outcome: 'authenticated';
      /** The `sub` and `session_id` claims. */
      readonly userId: string;
      readonly sessionId: string;
      /** The extractor that found the token: `bearer`, `cookie`, or the name of one of yours. */
      readonly source: string;
      /** `Controller.method`, or undefined outside of a handler. */
      readonly handler: string | undefined;
    }
  | {
      /** An `@OptionalAuth()` route without a credential, or with a dead cookie. */
      readonly outcome: 'anonymous';
      readonly handler: string | undefined;
    }
  | {
      readonly outcome: 'refused';
      readonly code: HankoAnswerCode;
      /** The precise cause, in words for operators. */
      readonly reason: string;
      readonly handler: string | undefined;
    };

/** Published on `nestjs-hanko:jwks`. */
export type HankoJwksMessage =
  | { readonly outcome: 'refreshed'; readonly kids: readonly string[] }
  | {
      readonly outcome: 'failed';
      readonly reason: string;
      /** Milliseconds before the next try. */
      readonly retryInMs: number;
      /** True if the last good keys are used meanwhile. */
      readonly servesStale: boolean;
    };

const authentication = channel(HANKO_CHANNELS.authentication);
const jwks = channel(HANKO_CHANNELS.jwks);

export function publishAuthentication(message: HankoAuthenticationMessage): void {
  if (authentication.hasSubscribers) authentication.publish(message);
}

export function publishJwks(message: HankoJwksMessage): void {
  if (jwks.hasSubscribers) jwks.publish(message);
}
