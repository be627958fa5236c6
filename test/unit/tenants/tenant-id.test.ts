import { HankoConfigurationError, HankoTenantError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { tenantIdOf } from '../../../lib/tenants/tenant-id.js';
import { ACME } from '../../support/tenants.js';

const SECRET = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
const ask = (resolve: () => unknown): string => tenantIdOf(resolve, { headers: {} });

describe('the id that tenants.resolve() names', () => {
  it.each(['acme', 'a', 'ACME', 'acme/eu', 'ä', 'acme:8080', 'x'.repeat(255)])(
    'may be %j',
    (id) => {
      expect(ask(() => id)).toBe(id);
    },
  );

  it('is compared in lower case if it is a UUID, as Hanko reads one', () => {
    expect(ask(() => ACME.toUpperCase())).toBe(ACME);
  });

  it.each([undefined, null, '', ' ', 'a b', 'a\n', '\u200b', '\ud800', 'a\u0000', 'x'.repeat(256)])(
    'belongs to no tenant: %j',
    (id) => {
      expect(() => ask(() => id)).toThrow(HankoTenantError);
    },
  );

  it.each([[42], [true], [{}], [['acme']], [Symbol('acme')], [() => 'acme'], [new String('acme')]])(
    'is the fault of the app if it is %s',
    (id) => {
      expect(() => ask(() => id)).toThrow(HankoConfigurationError);
    },
  );

  it('is the fault of the app if it is a promise, whatever becomes of that', async () => {
    for (const promise of [Promise.resolve('acme'), Promise.reject(new Error(SECRET))]) {
      expect(() => ask(() => promise)).toThrow(/must not be async/);
    }
  });

  it('is the fault of the app if it throws, and what it throws is not repeated', () => {
    const fail = (): never => {
      throw new Error(SECRET);
    };
    expect(() => ask(fail)).toThrow(HankoConfigurationError);
    expect(() => ask(fail)).not.toThrow(new RegExp(SECRET));
  });

  it('may be refused by the app with an error of ours', () => {
    const refuse = (): never => {
      throw new HankoTenantError('no longer a customer');
    };
    expect(() => ask(refuse)).toThrow(HankoTenantError);
  });
});
