import { HankoTokenError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { decodeUnverifiedJws } from '../verification/compact-jws.js';
import { verifyRs256 } from '../verification/rs256.js';
import { findVerificationKey } from '../verification/verification-key.js';
import type { HankoEvent } from './hanko-events.js';

/** What Hanko writes in `sub`; a JWT template of sessions cannot. */
const SUBJECT = 'hanko webhooks';

/** Life of a webhook token, in seconds (contract §6.2). */
const LIFESPAN_SECONDS = 300;

/** One slow receiver before ours may take up to ten seconds, so a token may come late (contract §6.4). */
const LATE_SECONDS = 30;

/** How long a token can be good for after it was seen, in milliseconds. */
export const MAX_REPLAY_MS = (LIFESPAN_SECONDS + 2 * (LATE_SECONDS + 300)) * 1000;

/** A webhook token whose content is good, and whose signature is still to be verified. */
export interface UnverifiedWebhook {
  readonly event: HankoEvent;
  /** @throws HankoTokenError, HankoUnavailableError */
  readonly verifySignature: () => Promise<void>;
}

/** From a text that claims to be a webhook token to an event. Sessions are signed with the same keys. */
export class WebhookTokenVerifier {
  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly jwks: JwksProvider,
    private readonly maxBytes: number,
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
    const { sub, evt, iat, exp, aud, data } = payload;
    if (sub !== SUBJECT) {
      throw new HankoTokenError('token_claims_invalid', 'The sub claim is not that of webhooks');
    }
    if (typeof evt !== 'string' || evt === '') {
      throw new HankoTokenError('token_claims_invalid', 'The evt claim names no event');
    }
    if (!Number.isInteger(iat) || !Number.isInteger(exp)) {
      throw new HankoTokenError('token_claims_invalid', 'exp or iat is not a whole second');
    }
    const issuedAt = iat as number;
    const expiresAt = exp as number;
    if (!(expiresAt - issuedAt <= LIFESPAN_SECONDS)) {
      throw new HankoTokenError('token_claims_invalid', 'It lives longer than webhook tokens do');
    }
    const now = this.options.now() / 1000;
    const tolerance = this.options.clockToleranceSeconds + LATE_SECONDS;
    if (!(now < expiresAt + tolerance)) {
      throw new HankoTokenError('token_expired', 'The webhook token has expired');
    }
    if (!(issuedAt <= now + tolerance)) {
      throw new HankoTokenError('token_not_yet_valid', 'iat is in the future: is a clock wrong?');
    }
    const { audience } = this.options;
    const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
    if (audience !== null && !audiences.some((entry) => audience.includes(entry as string))) {
      throw new HankoTokenError(
        'token_audience_mismatch',
        'The aud claim has none of the option "audience"',
      );
    }
    // No issuer: Hanko leaves it out of webhook tokens, also where it is configured.
    return { name: evt, data, issuedAt: new Date(issuedAt * 1000) };
  }

  private async verifySignature(token: string, kid: string): Promise<void> {
    const key = await findVerificationKey(this.jwks, kid);
    if (!(await verifyRs256(token, key))) {
      throw new HankoTokenError('token_signature_invalid', 'The signature does not match the key');
    }
  }
}
