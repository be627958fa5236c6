import { describe, expect, it } from 'vitest';
import { decodeUnverifiedJws } from '../../../lib/verification/compact-jws.js';
import { encode, causeOf } from '../../support/cause-of.js';

const token = (header: string, payload = '{}'): string =>
  `${encode(header)}.${encode(payload)}.${encode('s')}`;
const headed = (changes: object): string =>
  token(JSON.stringify({ alg: 'RS256', kid: 'k', ...changes }));

describe('the reason of a token refused by its form', () => {
  it.each<{ name: string; sent: unknown; cause: string }>([
    { name: 'no text', sent: 1, cause: 'it is not a string' },
    { name: 'no three parts', sent: 'a.b', cause: 'it is not three parts of canonical base64url' },
    { name: 'a header of no JSON', sent: token('{'), cause: 'its header is not JSON' },
    { name: 'a header of a list', sent: token('[]'), cause: 'its header is not a JSON object' },
    { name: 'a header of null', sent: token('null'), cause: 'its header is not a JSON object' },
    { name: 'a header of text', sent: token('"a"'), cause: 'its header is not a JSON object' },
    {
      name: 'crit',
      sent: headed({ crit: [] }),
      cause: 'its header has "crit", and no extension is supported',
    },
    { name: 'no kid', sent: headed({ kid: undefined }), cause: 'its header has no "kid"' },
    { name: 'an empty kid', sent: headed({ kid: '' }), cause: 'its header has no "kid"' },
    { name: 'a long kid', sent: headed({ kid: 'k'.repeat(513) }), cause: 'its "kid" is too long' },
    {
      name: 'a payload of no JSON',
      sent: token('{"alg":"RS256","kid":"k"}', '{'),
      cause: 'its payload is not JSON',
    },
    {
      name: 'a payload of a list',
      sent: token('{"alg":"RS256","kid":"k"}', '[]'),
      cause: 'its payload is not a JSON object',
    },
  ])('says that it has $name', ({ sent, cause }) => {
    expect(causeOf(() => decodeUnverifiedJws(sent, 4_096))).toBe(
      `token_malformed: The token is malformed: ${cause}`,
    );
  });

  it('says how much is too much', () => {
    expect(causeOf(() => decodeUnverifiedJws('a'.repeat(4_097), 4_096))).toBe(
      'token_too_large: The token has more than maxTokenBytes (4096) bytes',
    );
  });

  it('says that it has another algorithm', () => {
    expect(causeOf(() => decodeUnverifiedJws(headed({ alg: 'none' }), 4_096))).toBe(
      'token_algorithm_not_allowed: The alg header is not "RS256"',
    );
  });
});

it('a token may be as long as maxTokenBytes', () => {
  const sent = headed({});

  expect(decodeUnverifiedJws(sent, sent.length).kid).toBe('k');
});

it.each([
  { name: 'invalid UTF-8', payload: Buffer.from('{"a":"\xff"}', 'latin1') },
  { name: 'a byte order mark', payload: Buffer.from('\uFEFF{}') },
])('a payload with $name is not JSON', ({ payload }) => {
  const sent = headed({}).split('.').with(1, encode(payload)).join('.');

  expect(causeOf(() => decodeUnverifiedJws(sent, 4_096))).toContain('its payload is not JSON');
});

it('a kid may have 512 characters', () => {
  const kid = 'k'.repeat(512);

  expect(decodeUnverifiedJws(headed({ kid }), 4_096).kid).toBe(kid);
});
