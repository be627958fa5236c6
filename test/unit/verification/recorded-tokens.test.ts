import { type HankoModuleOptions, HankoUser, type JwkSet } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { recorded, recordedTokens } from '../../support/recordings.js';
import { createService, refusalOf, tokenRefusal } from '../../support/verifier.js';
import { claimsIn } from '../../support/claims-in.js';

const defaults = recordedTokens('v3.0.4-defaults');
const configured = recordedTokens('main-configured');
const tenants = recordedTokens('main-tenants');
const rotation = recordedTokens('main-rotation');
const red = recorded(tenants.tenants, 'red');
const blue = recorded(tenants.tenants, 'blue');

async function verify(
  token: string,
  jwks: JwkSet,
  takenAt: string | number,
  options: HankoModuleOptions = {},
): Promise<HankoUser> {
  const { service } = await createService({
    jwks,
    now: () => new Date(takenAt).getTime(),
    ...options,
  });
  return service.verifyToken(token);
}

const ada = {
  id: 'e405dd18-c373-4d59-9878-515f79be1754',
  email: { address: 'ada-mwtjbvov@example.test', isPrimary: true, isVerified: true },
  username: 'adamwtjbvov',
  amr: [],
  authenticatedAt: new Date('2026-11-23T17:23:51Z'),
  expiresAt: new Date('2026-11-23T17:33:51Z'),
};
const template = { admin: true, level: 7, subject: 'hijacked', tier: 'gold' };
const nested = { tier: 'gold', verified: true };
const team = { id: 7, tags: ['a'] };

describe('a session token of a real Hanko', () => {
  const twelveHours = {
    amr: [],
    authenticatedAt: new Date('2026-11-23T17:22:07Z'),
    expiresAt: new Date('2026-11-24T05:22:07Z'),
  };

  it.each([
    {
      name: 'withEmail',
      user: {
        ...twelveHours,
        id: '432458e0-1db5-48f4-8d90-6a7622dcedc3',
        sessionId: '5cac5eb9-f5ef-497d-af92-ae7033e52474',
        email: { address: 'ada-mwtj9nh1@example.test', isPrimary: true, isVerified: true },
      },
    },
    {
      name: 'unverifiedEmail',
      user: {
        ...twelveHours,
        id: '21f24f40-3fda-49b9-85ae-9bec1f5d972c',
        sessionId: '641b9c14-ac9d-4290-95a4-ad9f34a6ad4d',
        email: { address: 'bob-mwtj9nh1@example.test', isPrimary: true, isVerified: false },
      },
    },
    {
      name: 'usernameOnly',
      user: {
        ...twelveHours,
        id: '6272e644-9d50-4987-959c-6add644c3733',
        sessionId: '99a44183-f3ea-48a8-8635-4212a7955c6a',
        username: 'unamwtj9nh1',
      },
    },
  ])('of v3.0.4 is its user: $name', async ({ name, user }) => {
    const token = recorded(defaults.tokens, name);

    const found = await verify(token, defaults.jwks, defaults.takenAt);

    expect(found).toBeInstanceOf(HankoUser);
    expect(found).toEqual({ ...user, claims: claimsIn(token) });
  });

  it.each([
    {
      name: 'withoutMetadata',
      user: { ...ada, sessionId: '22145656-9a4c-4d12-b7a2-468cc4532e08' },
      custom: { ...template, nested },
    },
    {
      name: 'withMetadata',
      user: { ...ada, sessionId: 'f8e5570e-e647-47c3-88f2-525ab968d0d0' },
      custom: { ...template, nested, beta: true, role: 'admin', score: '42', team },
    },
    {
      name: 'emptyPaths',
      user: { ...ada, sessionId: 'fc3dcda6-fd81-4e02-9a32-11d7bffc33ce' },
      custom: { ...template, nested, beta: true, role: '', score: '', team },
    },
    {
      name: 'idleExpired',
      user: { ...ada, sessionId: 'b5391024-34d9-4225-85c8-b02eecfe8848' },
      custom: { ...template, nested, beta: true, role: '', score: '', team },
    },
    {
      name: 'emailAsText',
      user: {
        id: '1c960a75-c417-41f9-a3b8-1f662eb4d6f7',
        sessionId: 'fde329a4-e9b9-4ccf-aae6-4c8a75e3ef29',
        username: 'unamwtjbvov',
        amr: [],
        authenticatedAt: ada.authenticatedAt,
        expiresAt: ada.expiresAt,
      },
      custom: { ...template, email: 'template@example.test' },
    },
  ])('of main with a JWT template keeps every claim: $name', async ({ name, user, custom }) => {
    const token = recorded(configured.tokens, name);

    const found = await verify(token, configured.jwks, configured.takenAt, {
      audience: 'api.example.test',
      issuer: 'https://login.example.test',
    });

    expect(found).toEqual({ ...user, claims: claimsIn(token) });
    expect(found.claims).toMatchObject(custom);
  });

  it('with text for an email has no email, and the text is a claim', async () => {
    const token = recorded(configured.tokens, 'emailAsText');

    const found = await verify(token, configured.jwks, configured.takenAt);

    expect(found.email).toBeUndefined();
    expect(found.claims.email).toBe('template@example.test');
  });
});

describe('a webhook token of a real Hanko', () => {
  it.each([
    { recording: defaults, name: 'webhookUserCreate' },
    { recording: defaults, name: 'webhookUserDelete' },
    { recording: configured, name: 'webhookSessionDelete' },
    { recording: configured, name: 'webhookUserDelete' },
  ])('is no session: $name', async ({ recording: { tokens, jwks, takenAt }, name }) => {
    const token = recorded(tokens, name);

    expect(await refusalOf(verify(token, jwks, takenAt), token)).toEqual(
      tokenRefusal('token_not_a_session'),
    );
  });
});

it('no recorded token is forgotten here', () => {
  expect({
    defaults: Object.keys(defaults.tokens),
    configured: Object.keys(configured.tokens),
    tenants: Object.keys(tenants.tenants),
    rotation: Object.keys(rotation.tokens),
  }).toEqual({
    defaults: [
      'withEmail',
      'unverifiedEmail',
      'usernameOnly',
      'webhookUserCreate',
      'webhookUserDelete',
    ],
    configured: [
      'withoutMetadata',
      'withMetadata',
      'emptyPaths',
      'emailAsText',
      'idleExpired',
      'webhookSessionDelete',
      'webhookUserDelete',
    ],
    tenants: ['red', 'blue'],
    rotation: ['signedByOldKey', 'signedByNewKey'],
  });
});

describe('two tenants of one server', () => {
  it.each([
    { name: 'red', own: red },
    { name: 'blue', own: blue },
  ])('$name accepts its own token', async ({ own }) => {
    const found = await verify(own.token, own.jwks, tenants.takenAt, { audience: 'localhost' });

    expect(found.id).toBe(own.user);
  });

  it.each([
    { name: "red's token at blue", token: red.token, at: blue },
    { name: "blue's token at red", token: blue.token, at: red },
  ])('refuse the other: $name', async ({ token, at }) => {
    expect(
      await refusalOf(verify(token, at.jwks, tenants.takenAt, { audience: 'localhost' }), token),
    ).toEqual(tokenRefusal('token_key_unknown'));
  });

  it.each([
    { name: "red's token, blue's key under red's kid", token: red.token, of: red, by: blue },
    { name: "blue's token, red's key under blue's kid", token: blue.token, of: blue, by: red },
  ])('refuse the other even if kids collide: $name', async ({ token, of, by }) => {
    const jwks = { keys: [{ ...by.jwks.keys[0], kid: of.jwks.keys[0]?.['kid'] }] };

    expect(await refusalOf(verify(token, jwks, tenants.takenAt), token)).toEqual(
      tokenRefusal('token_signature_invalid'),
    );
  });
});

describe('a key rotation', () => {
  const { jwksBefore, jwksAfter, tokens, takenAt } = rotation;

  it.each([
    { name: 'signedByOldKey', jwks: jwksBefore, when: 'before' },
    { name: 'signedByOldKey', jwks: jwksAfter, when: 'after' },
    { name: 'signedByNewKey', jwks: jwksAfter, when: 'after' },
  ])('leaves $name good $when it', async ({ name, jwks }) => {
    const token = recorded(tokens, name);

    const found = await verify(token, jwks, takenAt);

    expect(found.claims).toEqual(claimsIn(token));
  });

  it("refuses the new key's token at the old keys", async () => {
    const token = recorded(tokens, 'signedByNewKey');

    expect(await refusalOf(verify(token, jwksBefore, takenAt), token)).toEqual(
      tokenRefusal('token_key_unknown'),
    );
  });
});

describe('audience and issuer', () => {
  const { jwks, takenAt } = configured;
  const token = recorded(configured.tokens, 'withMetadata');

  it.each<{ name: string; options: HankoModuleOptions }>([
    { name: 'the first audience', options: { audience: 'app.example.test' } },
    { name: 'the second audience', options: { audience: 'api.example.test' } },
    { name: 'one of several', options: { audience: ['other.test', 'api.example.test'] } },
    { name: 'the audience off', options: { audience: null } },
    { name: 'neither', options: {} },
    { name: 'the issuer', options: { issuer: 'https://login.example.test' } },
  ])('accept the recorded token: $name', async ({ options }) => {
    await expect(verify(token, jwks, takenAt, options)).resolves.toBeInstanceOf(HankoUser);
  });

  it.each([
    { name: 'another', audience: 'other.test' },
    { name: 'several others', audience: ['other.test', 'example.test'] },
    { name: 'a prefix', audience: 'api.example' },
    { name: 'another case', audience: 'API.example.test' },
    { name: 'both in one text', audience: 'app.example.test,api.example.test' },
  ])('refuse it for $name audience', async ({ audience }) => {
    expect(await refusalOf(verify(token, jwks, takenAt, { audience }), token)).toEqual(
      tokenRefusal('token_audience_mismatch'),
    );
  });

  it.each([
    'https://login.example.test/',
    'http://login.example.test',
    'https://LOGIN.example.test',
    'login.example.test',
  ])('refuse it for the issuer %s', async (issuer) => {
    expect(await refusalOf(verify(token, jwks, takenAt, { issuer }), token)).toEqual(
      tokenRefusal('token_issuer_mismatch'),
    );
  });

  it('refuse a token without issuer where one is configured', async () => {
    const plain = recorded(defaults.tokens, 'withEmail');

    expect(
      await refusalOf(
        verify(plain, defaults.jwks, defaults.takenAt, { issuer: 'https://login.example.test' }),
        plain,
      ),
    ).toEqual(tokenRefusal('token_issuer_mismatch'));
  });
});

describe('the life of a recorded session', () => {
  it.each([
    { name: '12 h', recording: defaults, token: 'withEmail', lifespan: 43_200 },
    { name: '10 min', recording: configured, token: 'withMetadata', lifespan: 600 },
  ])('ends exactly at its lifespan plus the tolerance: $name', async (row) => {
    const { jwks, tokens } = row.recording;
    const token = recorded(tokens, row.token);
    const { iat, exp } = claimsIn(token) as { iat: number; exp: number };
    expect(exp - iat).toBe(row.lifespan);

    for (const clockToleranceSeconds of [0, 5, 300]) {
      const end = (iat + row.lifespan + clockToleranceSeconds) * 1000;
      const options = { clockToleranceSeconds };
      await expect(verify(token, jwks, end - 1, options)).resolves.toBeInstanceOf(HankoUser);
      expect(await refusalOf(verify(token, jwks, end, options), token)).toEqual(
        tokenRefusal('token_expired'),
      );
    }
  });

  it.each([0, 5, 300])(
    'begins exactly at iat minus a tolerance of %i s',
    async (clockToleranceSeconds) => {
      const token = recorded(defaults.tokens, 'withEmail');
      const { iat } = claimsIn(token) as { iat: number };
      const begin = (iat - clockToleranceSeconds) * 1000;
      const options = { clockToleranceSeconds };

      await expect(verify(token, defaults.jwks, begin, options)).resolves.toBeInstanceOf(HankoUser);
      expect(await refusalOf(verify(token, defaults.jwks, begin - 1, options), token)).toEqual(
        tokenRefusal('token_not_yet_valid'),
      );
    },
  );
});
