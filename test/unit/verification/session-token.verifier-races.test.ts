import { webcrypto } from 'node:crypto';
import { type HankoModuleOptions, HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SessionTokenVerifier } from '../../../lib/verification/session-token.verifier.js';
import {
  createVerifier,
  cryptoDuring,
  provider,
  verified,
} from '../../support/session-token-verifier.js';
import { TestClock } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');

let hanko: FakeHanko;
let key: webcrypto.CryptoKey;
let token: string;
let clock: TestClock;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => START });
  const [{ n, e, kty } = expect.unreachable()] = hanko.jwks().keys;
  const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  key = await webcrypto.subtle.importKey('jwk', { n, e, kty }, rs256, false, ['verify']);
  token = await hanko.token();
});
afterAll(() => hanko.stop());

function verifierWith(options: HankoModuleOptions = {}): SessionTokenVerifier {
  clock = new TestClock(START);
  return createVerifier({ now: clock.now, ...options });
}

describe('what is under way', () => {
  it('is over also where the platform throws at once', async () => {
    const verifier = verifierWith();
    const trusted = provider(() => key);
    const broken = vi.spyOn(webcrypto.subtle, 'verify').mockImplementationOnce(() => {
      throw new Error('broken');
    });
    await expect(verified(verifier, token, trusted)).rejects.toThrow('broken');
    broken.mockRestore();

    expect(await verified(verifier, token, trusted)).toBeInstanceOf(HankoUser);
  });

  it('helps who waited for the key meanwhile', async () => {
    const verifier = verifierWith();
    let open: (found: webcrypto.CryptoKey) => void = () => undefined;
    const slow = new Promise<webcrypto.CryptoKey>((resolve) => {
      open = resolve;
    });

    const cost = await cryptoDuring(async () => {
      const waiting = verified(
        verifier,
        token,
        provider(() => slow),
      );
      await verified(
        verifier,
        token,
        provider(() => key),
      );
      open(key);
      await waiting;
    });

    expect(cost).toBe(1);
  });
});

describe('a token within the clock tolerance after its expiry', () => {
  it('is still known', async () => {
    const verifier = verifierWith({ clockToleranceSeconds: 300 });
    const trusted = provider(() => key);
    const { expiresAt } = await verified(verifier, token, trusted);
    clock.advance((expiresAt.getTime() - START) / 1000 + 299);

    const cost = await cryptoDuring(() => {
      expect(verifier.verify(token, trusted)).toBeInstanceOf(HankoUser);
    });

    expect(cost).toBe(0);
  });
});
