import { HankoConfigurationError, HankoCredentialsError, HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { askExtractor, type Credential } from '../../../lib/extraction/checked-extraction.js';
import { Thenable } from '../../support/thenable.js';
import { MAX_CANDIDATES } from '../../../lib/extraction/token-extractor.js';

const SECRET = 'secret-token';
const ask = (extract: () => unknown): Credential | null =>
  askExtractor({ name: 'mine', extract: extract as never }, { headers: {} });

describe('what an extractor finds', () => {
  it.each([
    [
      { tokens: ['a'], ambient: false },
      { tokens: ['a'], isAmbient: false, source: 'mine' },
    ],
    [
      { tokens: ['a'], ambient: true },
      { tokens: ['a'], isAmbient: true, source: 'mine' },
    ],
    [
      { tokens: ['a', 'b', 'a'], ambient: false },
      { tokens: ['a', 'b'], isAmbient: false },
    ],
    // What is not said to be harmless is not.
    [{ tokens: ['a'] }, { isAmbient: true }],
    [{ tokens: ['a'], ambient: 0 }, { isAmbient: true }],
    [{ tokens: ['a'], ambient: null }, { isAmbient: true }],
  ])('is taken: %j', (found, credential) => {
    expect(ask(() => found)).toMatchObject(credential);
  });

  it.each([undefined, null, { tokens: [], ambient: false }])('is nothing: %j', (found) => {
    expect(ask(() => found)).toBeNull();
  });

  it.each([
    ['a text', SECRET],
    ['an object', { token: SECRET, ambient: false }],
    ['a promise', Promise.resolve({ tokens: [SECRET], ambient: false })],
    ['an object that can be awaited', new Thenable(SECRET)],
    ['tokens that are a text', { tokens: SECRET, ambient: false }],
    ['a token that is none', { tokens: [SECRET, 5], ambient: false }],
    ['a list with a hole', { tokens: Object.assign([], { 1: SECRET }), ambient: false }],
    ['true', true],
  ])('is an error that names the extractor and repeats no value: %s', (_name, found) => {
    let thrown: unknown;
    try {
      ask(() => found);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(HankoConfigurationError);
    const { message } = thrown as Error;
    expect(message).toMatch(/extractors, "mine": returned .* must return \{ tokens: \[text, …\]/);
    expect(message).not.toContain(SECRET);
  });

  it('may not be a promise that fails, and nothing is left unhandled', async () => {
    expect(() => ask(() => Promise.reject(new Error(SECRET)))).toThrow(/returned a promise/);
    await new Promise(setImmediate);
  });

  it('may be up to eight different tokens', () => {
    const tokens = Array.from({ length: MAX_CANDIDATES }, (_, n) => `t${n}`);

    expect(ask(() => ({ tokens: [...tokens, ...tokens], ambient: true }))?.tokens).toEqual(tokens);
    expect(() => ask(() => ({ tokens: [...tokens, 'one more'], ambient: true }))).toThrow(
      expect.objectContaining({ code: 'credentials_ambiguous' }),
    );
  });

  it.each([
    new HankoTokenError('token_malformed', 'x'),
    new HankoCredentialsError('credentials_ambiguous', 'x'),
  ])('may be one of our errors: $code', (error) => {
    expect(() =>
      ask(() => {
        throw error;
      }),
    ).toThrow(error);
  });

  it.each([new TypeError('boom'), 'boom', undefined, Object.create(null)])(
    'is a configuration error if it throws anything else',
    (error) => {
      expect(() =>
        ask(() => {
          throw error;
        }),
      ).toThrow(/extractors, "mine": threw /);
    },
  );
});
