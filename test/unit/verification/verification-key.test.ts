import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { HankoUnavailableError, type JwksProvider } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService } from '../../support/verifier.js';
import { printed } from '../../support/cause-of.js';

describe('the reason of a token refused by its key', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  afterAll(() => hanko.stop());

  const verifyWith = async (getKey: () => unknown): Promise<string> => {
    const { service } = await createService({ jwks: { getKey } as JwksProvider });
    return service.verifyToken(await hanko.token()).then(() => 'accepted', printed);
  };

  it('says what is wrong with it', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const other = await webcrypto.subtle.importKey(
      'jwk',
      publicKey.export({ format: 'jwk' }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    const fail = (): never => {
      throw new Error('https://keys.internal');
    };

    expect(await verifyWith(() => undefined)).toBe(
      'token_key_unknown: The kid header names no known key',
    );
    expect(await verifyWith(() => null)).toBe(
      'token_key_unknown: The kid header names no known key',
    );
    expect(await verifyWith(() => other)).toBe(
      'token_signature_invalid: The signature does not match the key',
    );
    expect(await verifyWith(fail)).toBe('hanko_unavailable: The JwksProvider failed');
    expect(await verifyWith(() => 'key')).toBe(
      'hanko_unavailable: The JwksProvider returned a key that is not an RS256 public key',
    );
    expect(
      await verifyWith(() => {
        throw new HankoUnavailableError('not now', 7);
      }),
    ).toBe('hanko_unavailable: not now');
  });
});
