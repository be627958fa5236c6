import { HankoTokenError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { decodeUnverifiedJws } from '../verification/compact-jws.js';
import { verifyRs256 } from '../verification/rs256.js';
import {
  checkAudience,
  checkTokenTimes,
  parseAudiences,
  parseTokenTimes,
} from '../verification/times-and-audience.js';
import { findVerificationKey } from '../verification/verification-key.js';
import type { HankoEvent } from './hanko-events.js';

/** What Hanko writes in `sub`; a JWT template of sessions cannot. */
const SUBJECT = 'hanko webhooks';

/** Life of a webhook token, in seconds (docs/hanko.md, Webhooks). */
const LIFESPAN_SECONDS = 300;

/**
 * How much later, in seconds, beside the clock tolerance: Hanko calls its receivers one after another, and a slow
 * one before ours takes up to ten seconds. A delivery that is refused is lost, and one that is late does no harm.
 */
const LATE_SECONDS = 30;

/**
 * For how long after it was seen a token can be taken, in milliseconds: from before its `iat`, by a clock that is
 * behind, until after its `exp`.
 */
export const replayWindowMs = (clockToleranceSeconds: number): number =>
  (LIFESPAN_SECONDS + 2 * (LATE_SECONDS + clockToleranceSeconds)) * 1000;

/** A webhook token whose content is good, and whose signature is still to be verified. */
export interface UnverifiedWebhook {
  readonly event: HankoEvent;
  /** @throws HankoTokenError, HankoUnavailableError */
  readonly verifySignature: () => Promise<void>;
}

/** From a text that claims to be a webhook token to an event. Sessions are signed with the same keys. */
export class WebhookTokenVerifier {
  /** @param tenantId whose keys they are; undefined in an app without tenants. */
  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly jwks: JwksProvider,
    private readonly maxBytes: number,
    private readonly tenantId?: string,
  ) {}

  /**
   * Everything that needs no key: nothing of it may be used before the signature is verified.
   * @throws HankoTokenError any `token_…` code
   */
  read(token: string): UnverifiedWebhook {
    const { kid, payload } = decodeUnverifiedJws(token, this.maxBytes);
    const event = this.readEvent(payload);
    return { event, verifySignature: () => this.verifySignature(token, kid) };
  }

  private readEvent(payload: Readonly<Record<string, unknown>>): HankoEvent {
    const { sub, evt, iat, aud, data } = payload;
    if (sub !== SUBJECT) {
      throw new HankoTokenError('token_claims_invalid', 'The sub claim is not "hanko webhooks"');
    }
    if (typeof evt !== 'string' || evt === '') {
      throw new HankoTokenError('token_claims_invalid', 'The evt claim names no event');
    }
    const times = parseTokenTimes(payload);
    const issuedAt = iat as number;
    if (!(times.expiresAt - issuedAt <= LIFESPAN_SECONDS)) {
      throw new HankoTokenError(
        'token_claims_invalid',
        'The token is valid for longer than a webhook token can be',
      );
    }
    const { now, audience, clockToleranceSeconds } = this.options;
    checkTokenTimes(times, now(), clockToleranceSeconds + LATE_SECONDS);
    // No issuer: Hanko omits it from webhook tokens, also where it is configured.
    checkAudience(parseAudiences(aud), audience);
    return {
      name: evt,
      ...(this.tenantId !== undefined && { tenantId: this.tenantId }),
      data,
      issuedAt: new Date(issuedAt * 1000),
    };
  }

  private async verifySignature(token: string, kid: string): Promise<void> {
    const key = await findVerificationKey(this.jwks, kid);
    if (!(await verifyRs256(token, key))) {
      throw new HankoTokenError('token_signature_invalid', 'The signature does not match the key');
    }
  }
}
