import { randomUUID } from 'node:crypto';
import { HankoConfigurationError, type HankoModuleOptions } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import {
  useHostileKeys,
  ID,
  verify,
  hanko,
  claims,
  NOW_SECONDS,
  SESSION_ID,
  judge,
  refusedUnread,
  claimsText,
  signPayload,
} from '../../support/hostile-tokens.js';

useHostileKeys();

describe.each(['exp', 'iat', 'nbf'])('the claim %s', (claim) => {
  it.each([
    { name: 'text', json: `"${NOW_SECONDS}"` },
    { name: 'null', json: 'null' },
    { name: 'a boolean', json: 'true' },
    { name: 'a list', json: `[${NOW_SECONDS}]` },
    { name: 'an object', json: '{}' },
    { name: 'a fraction', json: `${NOW_SECONDS}.5` },
    { name: '1.5', json: '1.5' },
    { name: 'tiny', json: '1e-7' },
    { name: 'huge', json: '1e308' },
    { name: 'negatively huge', json: '-1e308' },
    { name: 'infinite once it is read', json: '1e400' },
    { name: 'a second more than a Date can hold', json: '8640000000001' },
    { name: 'a second less than a Date can hold', json: '-8640000000001' },
  ])('is whole seconds that a Date can hold: $name', async ({ json }) => {
    expect(await judge(await signPayload(claimsText(claim, json)))).toEqual(
      refusedUnread('token_claims_invalid'),
    );
  });

  it.each(['NaN', 'Infinity', '-Infinity', '0x10', '+1', '01', '1_000', '.5', '1.', '1n'])(
    'is a JSON number: %s',
    async (json) => {
      expect(await judge(await signPayload(claimsText(claim, json)))).toEqual(
        refusedUnread('token_malformed'),
      );
    },
  );
});

describe('the times of a token', () => {
  it.each(['exp', 'iat'])('are required: %s', async (name) => {
    expect(await judge(await signPayload(claimsText(name, undefined)))).toEqual(
      refusedUnread('token_claims_invalid'),
    );
  });

  it.each([
    { name: 'exp in the last second of a Date', claim: 'exp', json: '8640000000000' },
    { name: 'exp written as a float', claim: 'exp', json: `${NOW_SECONDS + 60}.0` },
    { name: 'exp with an exponent', claim: 'exp', json: '2e9' },
    { name: 'iat before 1970', claim: 'iat', json: '-1' },
    { name: 'iat of minus zero', claim: 'iat', json: '-0' },
    { name: 'nbf before 1970', claim: 'nbf', json: '-1' },
    { name: 'no nbf', claim: 'nbf', json: undefined },
  ])('are accepted: $name', async ({ claim, json }) => {
    const user = await verify(await signPayload(claimsText(claim, json)));

    expect(user.expiresAt.getTime()).not.toBeNaN();
    expect(user.authenticatedAt.getTime()).not.toBeNaN();
  });

  it.each([
    { name: 'before 1970', exp: -1 },
    { name: 'in 1970', exp: 0 },
    { name: 'in 1970, by exponent', exp: 1e3 },
    { name: 'milliseconds would be now', exp: NOW_SECONDS / 1000 },
    { name: 'a minute ago', exp: NOW_SECONDS - 60 },
  ])('say that it has expired: $name', async ({ exp }) => {
    const token = await signPayload(JSON.stringify(claims({ exp: Math.trunc(exp) })));

    expect(await judge(token)).toEqual(refusedUnread('token_expired'));
  });

  it.each([0, 5, 300])('end at exp plus a tolerance of %i s, to the millisecond', async (s) => {
    const exp = NOW_SECONDS + 3600;
    const token = await signPayload(JSON.stringify(claims({ exp })));
    const at = (ms: number): HankoModuleOptions => ({ clockToleranceSeconds: s, now: () => ms });

    await expect(verify(token, at((exp + s) * 1000 - 1))).resolves.toMatchObject({ id: ID });
    expect(await judge(token, at((exp + s) * 1000))).toEqual(refusedUnread('token_expired'));
  });

  it.each([
    { claim: 'iat', tolerance: 0 },
    { claim: 'iat', tolerance: 5 },
    { claim: 'iat', tolerance: 300 },
    { claim: 'nbf', tolerance: 0 },
    { claim: 'nbf', tolerance: 5 },
    { claim: 'nbf', tolerance: 300 },
  ])('begin at $claim minus a tolerance of $tolerance s', async ({ claim, tolerance }) => {
    const begin = NOW_SECONDS + 1000;
    const token = await signPayload(JSON.stringify(claims({ [claim]: begin })));
    const at = (ms: number): HankoModuleOptions => ({
      clockToleranceSeconds: tolerance,
      now: () => ms,
    });

    await expect(verify(token, at((begin - tolerance) * 1000))).resolves.toMatchObject({ id: ID });
    expect(await judge(token, at((begin - tolerance) * 1000 - 1))).toEqual(
      refusedUnread('token_not_yet_valid'),
    );
  });

  it.each([
    { name: 'iat', times: { iat: NOW_SECONDS + 60, nbf: NOW_SECONDS - 60 } },
    { name: 'nbf', times: { iat: NOW_SECONDS - 60, nbf: NOW_SECONDS + 60 } },
  ])('do not make up for each other: $name in the future', async ({ times }) => {
    const token = await signPayload(JSON.stringify(claims(times)));

    expect(await judge(token)).toEqual(refusedUnread('token_not_yet_valid'));
  });

  it('refuse a token that is both expired and not yet valid', async () => {
    const token = await signPayload(
      JSON.stringify(claims({ exp: NOW_SECONDS - 60, nbf: NOW_SECONDS + 60 })),
    );

    expect(await judge(token)).toEqual(refusedUnread('token_expired'));
  });

  it.each([NaN, -Infinity, undefined])('fail closed if the clock says %s', async (now) => {
    const token = await signPayload(JSON.stringify(claims()));

    await expect(verify(token, { now: () => now as number })).rejects.toThrow(
      HankoConfigurationError,
    );
  });
});

describe('the audience', () => {
  it.each([
    { name: 'a number', json: '1' },
    { name: 'a boolean', json: 'true' },
    { name: 'null', json: 'null' },
    { name: 'an object', json: '{"0":"localhost","length":1}' },
    { name: 'a list of numbers', json: '[1]' },
    { name: 'a list with null', json: '[null]' },
    { name: 'a list that also holds a number', json: '["localhost",1]' },
    { name: 'a list of lists', json: '[["localhost"]]' },
  ])('is text or a list of texts: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    for (const audience of ['localhost', null]) {
      expect(await judge(token, { audience })).toEqual(refusedUnread('token_claims_invalid'));
    }
  });

  it.each([
    { name: 'missing', json: undefined },
    { name: 'an empty list', json: '[]' },
    { name: 'empty text', json: '""' },
    { name: 'a list with empty text', json: '[""]' },
    { name: 'another', json: '"other"' },
    { name: 'others', json: '["other","LOCALHOST"]' },
    { name: 'a part of it', json: '"local"' },
    { name: 'more than it', json: '"localhost.evil.test"' },
    { name: 'white space around it', json: '" localhost "' },
  ])('is checked where it is configured, else not: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    expect(await judge(token, { audience: ['localhost', 'app.example.test'] })).toEqual(
      refusedUnread('token_audience_mismatch'),
    );
    await expect(verify(token, { audience: null })).resolves.toMatchObject({ id: ID });
  });

  it.each([
    { name: 'text', json: '"localhost"' },
    { name: 'a list', json: '["localhost"]' },
    { name: 'one of a list', json: '["other","","localhost"]' },
  ])('matches: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    await expect(verify(token, { audience: ['x', 'localhost'] })).resolves.toMatchObject({
      id: ID,
    });
  });
});

describe('the issuer', () => {
  const issuer = 'https://login.example.test';

  it.each([
    { name: 'missing', json: undefined },
    { name: 'null', json: 'null' },
    { name: 'a number', json: '1' },
    { name: 'a list of it', json: JSON.stringify([issuer]) },
    { name: 'empty', json: '""' },
    { name: 'another', json: '"https://evil.test"' },
    { name: 'with a slash more', json: JSON.stringify(`${issuer}/`) },
  ])('is checked where it is configured, else not: $name', async ({ json }) => {
    const token = await signPayload(claimsText('iss', json));

    expect(await judge(token, { issuer })).toEqual(refusedUnread('token_issuer_mismatch'));
    await expect(verify(token)).resolves.toMatchObject({ id: ID });
  });
});

describe('the kind of a token', () => {
  const NO_UUIDS: readonly (readonly [name: string, json: string | undefined])[] = [
    ['missing', undefined],
    ['null', 'null'],
    ['a number', '1'],
    ['a boolean', 'true'],
    ['empty', '""'],
    ['text', '"ada@example.test"'],
    ["a webhook's", '"hanko webhooks"'],
    ['a list with a UUID', `["${ID}"]`],
    ['an object', `{"id":"${ID}"}`],
    ['a UUID without hyphens', `"${ID.replaceAll('-', '')}"`],
    ['a UUID in braces', `"{${ID}}"`],
    ['a UUID as URN', `"urn:uuid:${ID}"`],
    ['a UUID and a newline', `"${ID}\\n"`],
    ['a UUID after a newline', `"\\n${ID}"`],
    ['a UUID and a NUL', `"${ID}\\u0000"`],
    ['a UUID and white space', `"${ID} "`],
    ['two UUIDs', `"${ID}${ID}"`],
    ['a UUID that is one short', `"${ID.slice(1)}"`],
    ['a letter that is no digit', `"g${ID.slice(1)}"`],
    ['a full-width digit', `"\uFF10${ID.slice(1)}"`],
  ];

  it.each(NO_UUIDS)('is no session: sub %s', async (_, json) => {
    expect(await judge(await signPayload(claimsText('sub', json)))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it.each(NO_UUIDS)('is no session: session_id %s', async (_, json) => {
    expect(await judge(await signPayload(claimsText('session_id', json)))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is no session: a webhook token', async () => {
    const token = await hanko.webhookToken('user.create', { id: ID });

    expect(await judge(token)).toEqual(refusedUnread('token_not_a_session'));
  });

  it('is no session: a webhook token with the session_id of somebody', async () => {
    const payload = claims({ sub: 'hanko webhooks', evt: 'user.login', data: {} });

    expect(await judge(await hanko.sign({ payload }))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is no session: a webhook token with the sub of somebody', async () => {
    const { session_id: _, ...payload } = claims({ evt: 'user.login', data: {} });

    expect(await judge(await hanko.sign({ payload }))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is a session though a template sets evt and data', async () => {
    const payload = claims({ evt: 'user.delete', data: { id: randomUUID() } });

    await expect(verify(await hanko.sign({ payload }))).resolves.toMatchObject({
      id: ID,
      sessionId: SESSION_ID,
      claims: { evt: 'user.delete' },
    });
  });
});
