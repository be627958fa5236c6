import { describe, expect, it } from 'vitest';
import { apiUrl, failure, faults, paths, resolve, warnings } from '../../support/options.js';

describe('audience', () => {
  it.each([
    { name: 'text', audience: 'app', expected: ['app'] },
    { name: 'text with a comma', audience: 'a,b', expected: ['a,b'] },
    { name: 'a list', audience: ['a', 'b'], expected: ['a', 'b'] },
  ])('may be $name', ({ audience, expected }) => {
    expect(resolve({ apiUrl, audience }).audience).toEqual(expected);
    expect(warnings({ audience }).join()).not.toContain('No audience is configured');
  });

  it('is off in words only', () => {
    expect(resolve({ apiUrl, audience: null })).toMatchObject({ audience: null, warnings: [] });
    expect(resolve({ apiUrl })).toMatchObject({
      audience: null,
      warnings: [expect.stringMatching(/^No audience is configured.*HANKO_AUDIENCE.*null/)],
    });
  });

  it('is off in words even if the environment has one', () => {
    expect(resolve({ apiUrl, audience: null }, { HANKO_AUDIENCE: 'app' })).toMatchObject({
      audience: null,
      warnings: [],
    });
  });

  it.each([
    '',
    ' ',
    [],
    [''],
    ['a', ' '],
    [1],
    [null],
    [['a']],
    1,
    false,
    {},
    { 0: 'a', length: 1 },
  ])('is nothing else: %j', (audience) => {
    const [fault, ...others] = faults({ apiUrl, audience });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('audience');
    expect(fault?.hint).toMatch(/null turns the check off/);
  });

  it.each([
    ['app', ['app']],
    ['a,b', ['a', 'b']],
    [' a , b ', ['a', 'b']],
    ['a\r\n', ['a']],
    ['\ufeffa,\tb\n', ['a', 'b']],
    [
      ['a', ' b '],
      ['a', 'b'],
    ],
    ['https://app.example.com', ['https://app.example.com']],
  ])('comes from the environment, separated by commas: %j', (value, audience) => {
    expect(resolve({ apiUrl }, { HANKO_AUDIENCE: value }).audience).toEqual(audience);
  });

  it.each([',', 'a,', ',a', 'a,,b', ' ', 'a, ,b'])(
    'from the environment has no empty entries: %j',
    (value) => {
      expect(faults({ apiUrl }, { HANKO_AUDIENCE: value })).toEqual([
        {
          path: 'HANKO_AUDIENCE',
          hint: 'must be audiences separated by commas, none of them empty.',
        },
      ]);
    },
  );

  it.each([
    ['"app"', 'has quotes around it'],
    ["'app'", 'has quotes around it'],
    ['“app”', 'has quotes around it'],
    ['"a","b"', 'has quotes around it'],
    ['"a,b"', 'has quotes around it'],
    ['app"', 'has quotes around it'],
    ['HANKO_AUDIENCE=app', 'begins with the name of a variable'],
    ['export HANKO_AUDIENCE = "app"', 'begins with the name of a variable'],
    ['["a","b"]', 'looks like JSON'],
    ['["a"]', 'looks like JSON'],
    ['{"aud":"a"}', 'looks like JSON'],
    ['a b', 'has white space'],
    ['a\nb', 'has white space'],
    ['a\u200bb', 'has white space'],
    ['a\u0000b', 'has white space'],
    ['<host>', 'still holds a placeholder'],
    ['${HOST}', 'still holds a placeholder'],
    ['app.{{domain}}', 'still holds a placeholder'],
    ['$HOST', 'still holds a placeholder'],
    ['undefined', 'writes for a missing value'],
    ['NULL', 'writes for a missing value'],
    ['false', 'writes for a missing value'],
    ['*', 'has a wildcard'],
    ['*.example.com', 'has a wildcard'],
  ])('that no token can have is a start-up error that says what to do: %j', (text, problem) => {
    for (const [options, environment, path] of [
      [{ audience: text }, {}, 'audience'],
      [{ audience: ['good.example.com', text] }, {}, 'audience'],
      [{}, { HANKO_AUDIENCE: text }, 'HANKO_AUDIENCE'],
      [{}, { HANKO_AUDIENCE: `good.example.com,${text}` }, 'HANKO_AUDIENCE'],
    ] as const) {
      expect(faults({ apiUrl, ...options }, environment)).toEqual([
        { path, hint: expect.stringContaining(problem) },
      ]);
      expect(failure({ apiUrl, ...options }, environment).message).not.toContain(text);
    }
  });

  it.each([5, true, {}, [1], ['a', '']])(
    'from a load factory is a text or a list of texts: %j',
    (value) => {
      expect(faults({ apiUrl }, { HANKO_AUDIENCE: value })).toEqual([
        {
          path: 'HANKO_AUDIENCE',
          hint: 'must be audiences separated by commas, none of them empty.',
        },
      ]);
    },
  );

  it('has no gap in its list', () => {
    // oxlint-disable-next-line no-sparse-arrays -- that is what is tried
    expect(paths({ apiUrl, audience: [, 'a'] })).toEqual(['audience']);
  });

  it('counts once where it is written twice', () => {
    expect(resolve({ apiUrl, audience: ['a', 'b', 'a'] }).audience).toEqual(['a', 'b']);
    expect(resolve({ apiUrl }, { HANKO_AUDIENCE: 'a, a' }).audience).toEqual(['a']);
  });

  it.each([
    'http://localhost:3000',
    'https://app.example.com',
    'HTTPS://app.example.com/',
    'localhost:3000',
    'app.example.com/',
    'app.example.com/path',
    'capacitor://localhost',
  ])(
    'that is a URL, or has a port or a path, is a warning that says what "aud" holds: %s',
    (text) => {
      const warning = expect.stringMatching(
        /URL, a port or a path.*host name.*localhost.*app\.example\.com.*webauthn\.relying_party\.id/,
      );

      expect(warnings({ audience: text })).toEqual([warning]);
      expect(warnings({ audience: ['localhost', text] })).toEqual([warning]);
      expect(warnings({ audience: undefined }, { HANKO_AUDIENCE: text })).toEqual([warning]);
      expect(warnings({ audience: text }).join()).not.toContain(text);
    },
  );

  it.each(['.notes.test', 'notes.test.', 'Notes.Test', '.localhost'])(
    'that no host name of a claim looks like is a warning: %s',
    (audience) => {
      expect(warnings({ audience })).toEqual([
        expect.stringMatching(/^audience holds a host name with a dot .* letter by letter/),
      ]);
      expect(warnings({ audience }).join()).not.toContain(audience);
      expect(resolve({ apiUrl, audience }).audience).toEqual([audience]);
    },
  );

  it.each(['a,b', 'a;b'])('that looks like several is a warning: %s', (audience) => {
    expect(warnings({ audience })).toEqual([expect.stringMatching(/counts as one.*\['a', 'b'\]/)]);
  });

  it.each(['localhost', 'app.example.com', 'urn:example:app', 'b0c1d2', 'app_1'])(
    'as Hanko sets it is no warning: %s',
    (audience) => {
      expect(warnings({ audience })).toEqual([]);
    },
  );
});

describe('issuer', () => {
  it('may be any text, and loses the white space around it', () => {
    expect(resolve({ apiUrl, issuer: 'not-an-address' }).issuer).toBe('not-an-address');
    expect(resolve({ apiUrl, issuer: ' https://a.example\n' }).issuer).toBe('https://a.example');
    expect(resolve({ apiUrl }, { HANKO_ISSUER: 'a\r\n' }).issuer).toBe('a');
  });

  it.each(['"a"', '["a"]', 'a b', 'a\nb', '<issuer>', '${ISSUER}', 'undefined', 'false'])(
    'that cannot be right is a start-up error: %j',
    (issuer) => {
      expect(faults({ apiUrl, issuer })).toEqual([
        { path: 'issuer', hint: expect.stringContaining('session.issuer') },
      ]);
      expect(paths({ apiUrl }, { HANKO_ISSUER: issuer })).toEqual(['HANKO_ISSUER']);
      expect(failure({ apiUrl, issuer }).message).not.toContain(issuer);
    },
  );

  it.each(['', ' ', null, 1, ['a'], {}])('is nothing else: %j', (issuer) => {
    expect(paths({ apiUrl, issuer })).toEqual(['issuer']);
  });
});

describe('claimsSchema', () => {
  const standard = { version: 1, vendor: 'test', validate: () => ({ value: {} }) };

  it.each([
    { name: 'an object', claimsSchema: { '~standard': standard } },
    {
      name: 'a function, as arktype makes them',
      claimsSchema: Object.assign(() => undefined, { '~standard': standard }),
    },
    {
      name: 'an instance, as zod makes them',
      claimsSchema: Object.create({ '~standard': standard }) as object,
    },
    {
      name: 'one with a getter',
      claimsSchema: {
        get '~standard'() {
          return standard;
        },
      },
    },
  ])('is a Standard Schema: $name', ({ claimsSchema }) => {
    expect(resolve({ apiUrl, claimsSchema }).claimsSchema).toBe(claimsSchema);
  });

  it.each([
    null,
    true,
    'schema',
    {},
    [],
    () => true,
    standard,
    { '~standard': null },
    { '~standard': {} },
    { '~standard': { ...standard, version: 2 } },
    { '~standard': { ...standard, version: '1' } },
    { '~standard': { ...standard, validate: true } },
    { '~standard': { version: 1, vendor: 'test' } },
  ])('is nothing else: %j', (claimsSchema) => {
    expect(faults({ apiUrl, claimsSchema })).toEqual([
      {
        path: 'claimsSchema',
        hint: 'must be a Standard Schema, version 1, as zod (from 3.24), valibot (from 1.0) and arktype (from 2.0) make them.',
      },
    ]);
  });
});
