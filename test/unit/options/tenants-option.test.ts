import { describe, expect, it } from 'vitest';
import { apiUrl, faults, resolve, warnings } from '../../support/options.js';

const TENANT = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
const name = (): string => TENANT;
const nameLater = async (): Promise<string> => TENANT;
const named = { resolve: name };
const trusting = { ...named, trust: () => null };

describe('the option tenants', () => {
  it('has defaults, and is off if it is omitted', () => {
    expect(resolve({ apiUrl }).tenants).toBeNull();
    expect(resolve({ apiUrl, tenants: named }).tenants).toEqual({
      ...named,
      trust: null,
      max: 1_000,
    });
  });

  it.each([
    ['no object', true, 'tenants', 'must be { resolve, trust, max }'],
    ['nobody who names a tenant', {}, 'tenants.resolve', 'must be a function'],
    ['an async resolve', { resolve: nameLater }, 'tenants.resolve', 'must not be async'],
    ['no function', { ...named, trust: [TENANT] }, 'tenants.trust', 'must be a function'],
    ['too few', { ...named, max: 0 }, 'tenants.max', 'must be a whole number from 1 to 100000'],
    ['another option', { ...named, cache: 1 }, 'tenants.cache', 'is not an option'],
  ])('refuses %s', (_what, tenants, path, hint) => {
    expect(faults({ apiUrl, tenants })).toMatchObject([
      { path, hint: expect.stringContaining(hint) as string },
    ]);
  });

  it('needs an address, or a trust() that gives each tenant one', () => {
    expect(faults({ tenants: named })).toMatchObject([{ path: 'apiUrl' }]);
    expect(resolve({ tenants: trusting }).apiUrl).toBeNull();
  });

  it('refuses keys for all', () => {
    expect(faults({ apiUrl, jwks: { keys: [] }, tenants: named })).toContainEqual({
      path: 'tenants',
      hint: expect.stringContaining('has no effect beside jwks') as string,
    });
  });

  it('refuses an address below which no tenant can be', () => {
    const ofOne = `${apiUrl}/${TENANT}`;
    expect(faults({ apiUrl: ofOne, tenants: named })).toMatchObject([
      { path: 'apiUrl', hint: expect.stringContaining('leave the id at its end out') as string },
    ]);
    expect(faults({ tenants: named }, { HANKO_API_URL: `${ofOne}/` })).toMatchObject([
      { path: 'HANKO_API_URL' },
    ]);
    const ofCloud = `https://${TENANT}.hanko.io`;
    expect(faults({ apiUrl: ofCloud, tenants: named })).toMatchObject([
      { path: 'apiUrl', hint: expect.stringContaining('return { apiUrl }') as string },
    ]);
  });

  it('warns where trust() may give other addresses', () => {
    expect(warnings({ apiUrl: `${apiUrl}/${TENANT}`, tenants: trusting })).toEqual([
      expect.stringContaining('apiUrl names one tenant'),
    ]);
    expect(warnings({ apiUrl: `https://${TENANT}.hanko.io`, tenants: trusting })).toEqual([]);
    expect(warnings({ tenants: named })).toEqual([]);
  });
});
