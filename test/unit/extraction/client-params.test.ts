import { describe, expect, it } from 'vitest';
import { bearerTokenExtractor } from '../../../lib/extraction/bearer.js';
import { withParams } from '../../../lib/extraction/client-params.js';
import { headerValues, type IncomingRequest } from '../../../lib/extraction/request.js';

const request: IncomingRequest = {
  method: 'GET',
  headers: { authorization: 'Bearer wire', cookie: 'hanko=c' },
  rawHeaders: ['Authorization', 'Bearer wire', 'Authorization', 'Bearer second'],
  cookies: { hanko: 'c' },
};
const bare: IncomingRequest = { headers: {} };
const authorizations = (params: unknown, from = bare): readonly string[] =>
  headerValues(withParams(from, params), 'authorization');

describe('what a client says beside its header fields', () => {
  it.each([
    { params: { token: 'a' }, values: ['Bearer a'] },
    { params: { authorization: 'Bearer a' }, values: ['Bearer a'] },
    { params: { AUTHORIZATION: 'Basic a' }, values: ['Basic a'] },
    { params: { headers: { Authorization: 'Bearer a' } }, values: ['Bearer a'] },
    { params: { authorization: ['Bearer a', 'Bearer b'] }, values: ['Bearer a', 'Bearer b'] },
    {
      params: { token: 'a', authorization: 'Bearer b', headers: { authorization: 'Bearer c' } },
      values: ['Bearer a', 'Bearer b', 'Bearer c'],
    },
  ])('counts as further Authorization fields: $params', ({ params, values }) => {
    expect(authorizations(params)).toEqual(values);
  });

  it.each([
    undefined,
    null,
    'a',
    5,
    ['a'],
    {},
    { token: null },
    { token: undefined },
    { headers: 'Authorization: Bearer a' },
    { authorization: null },
    { authorization: [] },
    Object.create({
      token: 'a',
      authorization: 'Bearer a',
      headers: { authorization: 'Bearer a' },
    }),
    { cookie: 'hanko=a' },
  ])('changes nothing if it says nothing of a token: %j', (params) => {
    expect(withParams(request, params)).toBe(request);
  });

  it.each([
    ...[5, {}, ['a'], true, ''].map((token) => ({ token })),
    ...[5, {}, [5], [['Bearer a']], true].map((authorization) => ({ authorization })),
    { headers: { authorization: 5 } },
  ])('is a bad bearer if it is no text: %j', (params) => {
    const said = withParams(bare, params);

    expect(() => bearerTokenExtractor().extract(said)).toThrow(
      expect.objectContaining({ code: 'token_malformed' }),
    );
  });

  it('stands beside the header field and its repeats, and takes the place of none', () => {
    expect(authorizations({ token: 'said' }, request)).toEqual([
      'Bearer wire',
      'Bearer second',
      'Bearer said',
    ]);
    const said = withParams(request, { token: 'said' });
    expect(said).toMatchObject({ method: 'GET', cookies: request.cookies });
    expect(headerValues(said, 'cookie')).toEqual(['hanko=c']);
    expect(request.headers.authorization).toBe('Bearer wire');
  });
});
