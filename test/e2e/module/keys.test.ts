import { createHmac, generateKeyPairSync, webcrypto } from 'node:crypto';
import { FakeHanko } from 'fake-hanko';
import {
  HANKO_JWKS,
  HankoModule,
  HankoTokenError,
  HankoUnavailableError,
  type JwksProvider,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer } from '../../support/app.js';
import { ModuleApp, start } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

describe('pinned keys', () => {
  it('need neither network nor apiUrl', async () => {
    const jwks = fixture.hanko.jwks();
    await using app = await start([HankoModule.forRoot({ jwks, audience: 'localhost' })]);

    await expectWorking(app);
    expect(fixture.hanko.requests).toEqual([]);
    expect(
      await app.get('/who', bearer(await fixture.hanko.forgedToken('unknown-kid'))),
    ).toBeRefused('token_key_unknown');
  });

  it('cause no request where apiUrl is given as well', async () => {
    await using app = await start([
      HankoModule.forRoot(fixture.options({ jwks: fixture.hanko.jwks() })),
    ]);

    await expectWorking(app);
    expect(fixture.hanko.requests).toEqual([]);
  });
});

describe('a JwksProvider of the app', () => {
  const provider = (getKey: (kid: string) => unknown): JwksProvider => ({
    getKey: (kid) => getKey(kid) as webcrypto.CryptoKey,
  });
  const startWith = (getKey: (kid: string) => unknown) =>
    start([HankoModule.forRoot({ jwks: provider(getKey), audience: 'localhost' })]);
  const importPublic = async (hash = 'SHA-256'): Promise<webcrypto.CryptoKey> => {
    const [jwk] = fixture.hanko.jwks().keys;
    return webcrypto.subtle.importKey(
      'jwk',
      { ...jwk, alg: `RS${hash.slice(4)}` } as webcrypto.JsonWebKey,
      { name: 'RSASSA-PKCS1-v1_5', hash },
      false,
      ['verify'],
    );
  };

  it('is asked for the kid, and answers with or without a promise', async () => {
    const key = await importPublic();
    const asked: string[] = [];
    for (const answer of [key, Promise.resolve(key)]) {
      await using app = await startWith((kid) => {
        asked.push(kid);
        return answer;
      });

      await expectWorking(app);
    }
    expect(asked).toEqual([fixture.hanko.signingKid, fixture.hanko.signingKid]);
    expect(fixture.hanko.requests).toEqual([]);
  });

  it.each([
    { what: 'undefined', getKey: () => undefined },
    { what: 'null', getKey: () => null },
    { what: 'a promise of undefined', getKey: () => Promise.resolve(undefined) },
    {
      what: 'our error',
      getKey: () => {
        throw new HankoTokenError('token_key_unknown', 'not ours');
      },
    },
  ])('that knows no such key, by $what, makes it 401', async ({ getKey }) => {
    await using app = await startWith(getKey);

    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_key_unknown');
  });

  it.each([
    {
      what: 'throws',
      getKey: () => {
        throw new Error('http://vault.internal:8200 is sealed');
      },
    },
    {
      what: 'rejects',
      getKey: () => Promise.reject(new Error('http://vault.internal:8200 is sealed')),
    },
    {
      what: 'throws our error',
      getKey: () => {
        throw new HankoUnavailableError('the vault is sealed', 7);
      },
    },
    { what: 'gives text', getKey: () => 'key' },
    { what: 'gives an object', getKey: () => ({}) },
    { what: 'gives a number', getKey: () => 1 },
    { what: 'gives bytes', getKey: () => new TextEncoder().encode('0'.repeat(256)) },
    { what: 'gives a key for another hash', getKey: () => importPublic('SHA-512') },
    {
      what: 'gives a symmetric key',
      getKey: () =>
        webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']),
    },
    {
      what: 'gives an elliptic curve key',
      getKey: async () => {
        const usages: webcrypto.KeyUsage[] = ['sign', 'verify'];
        const pair = await webcrypto.subtle.generateKey(
          { name: 'ECDSA', namedCurve: 'P-256' },
          true,
          usages,
        );
        return pair.publicKey;
      },
    },
    {
      what: 'gives a private key',
      getKey: async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return webcrypto.subtle.importKey(
          'jwk',
          privateKey.export({ format: 'jwk' }) as webcrypto.JsonWebKey,
          { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
          false,
          ['sign'],
        );
      },
    },
  ])('that $what makes it 503, and lets nobody in', async ({ getKey }) => {
    await using app = await startWith(getKey);
    const answer = await app.get('/who', bearer(fixture.token));

    expect(answer).toBeRefused('hanko_unavailable');
    expect(answer.text).not.toContain('vault.internal');
  });

  it('that throws has its own error in the log, for operators', async () => {
    await using app = await startWith(() => {
      throw new Error('the vault is sealed');
    });
    await app.get('/who', bearer(fixture.token));

    expect(app.log.lines.map(({ text }) => text).join('\n')).toMatch(
      /The JwksProvider failed: .*Error: the vault is sealed/,
    );
  });

  it('that hands out an HMAC secret does not make forged tokens good', async () => {
    const secret = Buffer.alloc(32, 7);
    await using app = await startWith(() => new Uint8Array(secret));
    const [header, payload] = fixture.token.split('.') as [string, string];
    const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest();
    const forged = `${header}.${payload}.${signature.toString('base64url')}`;

    expect(await app.get('/who', bearer(forged))).toBeRefused('hanko_unavailable');
  });

  it('that gives the wrong key makes it 401', async () => {
    await using other = await FakeHanko.start();
    const [jwk] = other.jwks().keys;
    await using app = await startWith(() =>
      webcrypto.subtle.importKey(
        'jwk',
        jwk as webcrypto.JsonWebKey,
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
        false,
        ['verify'],
      ),
    );

    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_signature_invalid');
  });
});

describe('HANKO_JWKS', () => {
  it('is the provider in use', async () => {
    await using app = await start([HankoModule.forRoot(fixture.options())]);
    const jwks = app.app.get<JwksProvider>(HANKO_JWKS, { strict: false });

    expect(await jwks.getKey(fixture.hanko.signingKid)).toMatchObject({ type: 'public' });
  });

  it('can be replaced in a test', async () => {
    await using other = await FakeHanko.start();
    const [jwk] = other.jwks().keys;
    const key = await webcrypto.subtle.importKey(
      'jwk',
      jwk as webcrypto.JsonWebKey,
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    await using app = await start([HankoModule.forRoot(fixture.options())], {
      override: (builder) =>
        builder
          .overrideProvider(HANKO_JWKS)
          .useValue({ getKey: (kid: string) => (kid === jwk?.kid ? key : undefined) }),
    });

    expect((await app.get('/who', bearer(await other.token()))).status).toBe(200);
    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_key_unknown');
    expect([...fixture.hanko.requests, ...other.requests]).toEqual([]);
  });
});
