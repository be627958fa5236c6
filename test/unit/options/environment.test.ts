import { beforeAll, describe, expect, it } from 'vitest';
import { type ResolvedHankoOptions, resolveOptions } from '../../../lib/options/hanko-options.js';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import { apiUrl, paths, resolve } from '../../support/options.js';

let key: SigningKey;
beforeAll(async () => {
  key = await SigningKey.generate(2048, 'a');
});

describe('the environment', () => {
  const variables = {
    HANKO_API_URL: 'https://env.example.com/',
    HANKO_AUDIENCE: 'env',
    HANKO_ISSUER: 'https://env.example.com',
    HANKO_COOKIE_NAME: 'env',
  };
  const cookie = (options: ResolvedHankoOptions, name: string): unknown =>
    options.extractors[1]?.extract({ headers: { cookie: `${name}=a` } });

  it('fills what is left out', () => {
    const options = resolve({}, variables);

    expect(options).toMatchObject({
      apiUrl: 'https://env.example.com',
      audience: ['env'],
      issuer: 'https://env.example.com',
    });
    expect(cookie(options, 'env')).toEqual({ tokens: ['a'], ambient: true });
  });

  it('gives way to what is written', () => {
    const options = resolve(
      { apiUrl, audience: 'written', issuer: 'written', cookieName: 'written' },
      variables,
    );

    expect(options).toMatchObject({ apiUrl, audience: ['written'], issuer: 'written' });
    expect(cookie(options, 'written')).toBeDefined();
    expect(cookie(options, 'env')).toBeUndefined();
  });

  it.each(['', null, undefined])('counts as unset where it is %j', (value) => {
    const unset = {
      HANKO_API_URL: value,
      HANKO_AUDIENCE: value,
      HANKO_ISSUER: value,
      HANKO_COOKIE_NAME: value,
    };

    expect(paths({}, unset)).toEqual(['apiUrl']);
    const options = resolve({ apiUrl }, unset);
    expect(options).toMatchObject({ audience: null, issuer: null });
    expect(options.warnings).toHaveLength(1);
    expect(cookie(options, 'hanko')).toBeDefined();
  });

  it('does not hide an option that is written empty', () => {
    expect(
      paths({ apiUrl: '', audience: '', issuer: '', cookieName: '' }, variables).toSorted(),
    ).toEqual(['apiUrl', 'audience', 'cookieName', 'issuer']);
  });

  it('is named in the faults that it causes', () => {
    const wrong = {
      HANKO_API_URL: 'nonsense',
      HANKO_AUDIENCE: ',',
      HANKO_ISSUER: ' ',
      HANKO_COOKIE_NAME: 'a b',
    };

    expect(paths({}, wrong).toSorted()).toEqual(Object.keys(wrong).toSorted());
  });

  it('is asked for these four names only', () => {
    const asked: string[] = [];
    resolveOptions({ apiUrl: undefined, jwks: { keys: [key.publicJwk] } }, (name) => {
      asked.push(name);
    });

    expect(asked.toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  it('does not sneak in through the process', () => {
    process.env['HANKO_API_URL'] = apiUrl;
    try {
      expect(paths({})).toEqual(['apiUrl']);
    } finally {
      delete process.env['HANKO_API_URL'];
    }
  });

  it.each([5, true, ['https://login.example.com'], {}, new Date(0)])(
    'gives texts, also where a load factory gives %j',
    (value) => {
      const wrong = { HANKO_API_URL: value, HANKO_ISSUER: value, HANKO_COOKIE_NAME: value };

      expect(paths({ audience: null }, wrong).toSorted()).toEqual(Object.keys(wrong).toSorted());
    },
  );

  it('loses the white space around a text, as what is written does', () => {
    const spaced = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, ` ${value}\r\n`]),
    );

    const options = resolve({}, spaced);
    expect(options).toMatchObject({ ...resolve({}, variables), extractors: [{}, {}], now: {} });
    expect(cookie(options, 'env')).toBeDefined();
  });

  it('says where a missing variable may be, as the reader of the environment knows it', () => {
    const environment = Object.assign(() => undefined, { hint: 'Look into the drawer.' });

    expect(() => resolveOptions({}, environment)).toThrow(
      /apiUrl: is missing.*HANKO_API_URL.*\. Look into the drawer\./,
    );
  });
});
