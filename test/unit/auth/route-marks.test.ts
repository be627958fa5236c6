import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import {
  HankoConfigurationError,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { routeMarks } from '../../../lib/auth/route-marks.js';

/** Claims of these tests are declared by nobody. */
const Demand = (options: unknown): ClassDecorator & MethodDecorator =>
  RequireAuth(options as RequireAuthOptions);

type Class = abstract new () => { handler: () => void };

const demandsOf = (owner: Class): unknown => routeMarks(owner.prototype.handler, owner).demands;

/** What a class and its handler demand together. */
function merged(ofClass: unknown, ofHandler: unknown): unknown {
  @Demand(ofClass)
  class Notes {
    @Demand(ofHandler)
    handler(): void {}
  }
  return demandsOf(Notes);
}

const faultsOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error.faults;
    throw error;
  }
  return null;
};

const TWICE = 'is set to two values on one target: keep one of them.';

describe('demands of a class and its handler', () => {
  it.each([
    { ofClass: {}, ofHandler: {}, demands: {} },
    { ofClass: { mfa: true }, ofHandler: {}, demands: { mfa: true } },
    { ofClass: {}, ofHandler: { mfa: true }, demands: { mfa: true } },
    { ofClass: { mfa: true }, ofHandler: { mfa: null }, demands: { mfa: null } },
    { ofClass: { mfa: true }, ofHandler: { mfa: undefined }, demands: { mfa: true } },
    {
      ofClass: { mfa: true, amr: 'pwd', maxAgeSeconds: 300 },
      ofHandler: { amr: null, maxAgeSeconds: 60, verifiedEmail: true },
      demands: { mfa: true, amr: null, maxAgeSeconds: 60, verifiedEmail: true },
    },
    { ofClass: { amr: ['pwd', 'otp'] }, ofHandler: { amr: ['totp'] }, demands: { amr: ['totp'] } },
    {
      ofClass: { amr: { allOf: ['pwd', 'totp'] } },
      ofHandler: { amr: 'passkey' },
      demands: { amr: 'passkey' },
    },
    {
      ofClass: { claims: { tier: 'gold', role: 'admin' } },
      ofHandler: { claims: { role: ['admin', 'owner'], org: { includes: 'x' } } },
      demands: {
        claims: { tier: 'gold', role: ['admin', 'owner'], org: { includes: 'x' } },
      },
    },
    {
      ofClass: { claims: { tier: 'gold', role: 'admin' } },
      ofHandler: { claims: { role: null, tier: undefined } },
      demands: { claims: { tier: 'gold', role: null } },
    },
    {
      ofClass: { claims: { tier: 'gold' } },
      ofHandler: { claims: {} },
      demands: { claims: { tier: 'gold' } },
    },
    {
      ofClass: { claims: { tier: 'gold' } },
      ofHandler: { claims: undefined, mfa: true },
      demands: { claims: { tier: 'gold' }, mfa: true },
    },
    {
      ofClass: { mfa: true },
      ofHandler: { claims: { tier: 'gold' } },
      demands: { mfa: true, claims: { tier: 'gold' } },
    },
    {
      ofClass: { session: { refreshSeconds: 60, keepAlive: false } },
      ofHandler: { session: { refreshSeconds: 5 } },
      demands: { session: { refreshSeconds: 5 } },
    },
  ])('$ofClass and $ofHandler are $demands', ({ ofClass, ofHandler, demands }) => {
    expect(merged(ofClass, ofHandler)).toEqual(demands);
  });

  it('merge claims of odd names like any others', () => {
    const named = (value: number): unknown =>
      JSON.parse(`{"claims":{"__proto__":${value},"constructor":${value}}}`);

    expect(JSON.stringify(merged(named(1), named(2)))).toBe(
      '{"claims":{"__proto__":2,"constructor":2}}',
    );
    expect(({} as Record<string, unknown>).claims).toBeUndefined();
  });

  it('are those of the decorator, whatever becomes of its object', () => {
    const options = {
      mfa: true,
      amr: { allOf: ['pwd', 'totp'] },
      claims: { tier: ['gold'], roles: { includes: 'admin' } } as Record<string, unknown>,
      session: { refreshSeconds: 1 },
    };
    @Demand(options)
    class Notes {
      handler(): void {}
    }
    const before = structuredClone(options);
    options.mfa = false;
    options.amr.allOf.pop();
    options.session.refreshSeconds = 86_400;
    (options.claims.tier as string[]).push('free');
    (options.claims.roles as { includes: string }).includes = 'user';
    options.claims.more = 1;

    expect(demandsOf(Notes)).toEqual(before);
  });

  it('keep functions as they are', () => {
    const isGold = (tier: unknown): boolean => tier === 'gold';

    expect(merged({ claims: { tier: isGold } }, {})).toEqual({ claims: { tier: isGold } });
  });

  it('may come from an object that is frozen', () => {
    const frozen = Object.freeze({ claims: Object.freeze({ tier: Object.freeze(['gold']) }) });

    expect(merged(frozen, { claims: { role: 'x' } })).toEqual({
      claims: { tier: ['gold'], role: 'x' },
    });
  });
});

describe('demands that a class inherits', () => {
  @Demand({ mfa: true, maxAgeSeconds: 300, claims: { tier: 'gold', role: 'admin' } })
  class Base {
    @Demand({ verifiedEmail: true })
    handler(): void {}
  }

  const base = {
    mfa: true,
    maxAgeSeconds: 300,
    verifiedEmail: true,
    claims: { tier: 'gold', role: 'admin' },
  };

  it('hold where it says nothing', () => {
    class Silent extends Base {}

    expect(demandsOf(Silent)).toEqual(base);
  });

  it('are merged with its own, which win', () => {
    @Demand({ maxAgeSeconds: null, claims: { role: null, org: 'x' } })
    class Own extends Base {}

    expect(demandsOf(Own)).toEqual({
      ...base,
      maxAgeSeconds: null,
      claims: { tier: 'gold', role: null, org: 'x' },
    });
    expect(demandsOf(Base)).toEqual(base);
  });

  it('hold through any number of classes', () => {
    @Demand({ amr: 'totp' })
    class Middle extends Base {}
    class Silent extends Middle {}
    @Demand({ mfa: null })
    class Last extends Silent {}

    expect(demandsOf(Last)).toEqual({ ...base, amr: 'totp', mfa: null });
  });

  it('may be taken back by any of several decorators, in any order', () => {
    @Demand({ mfa: null })
    @Demand({ amr: 'pwd', claims: { org: 'x' } })
    @Demand({ claims: { tier: null } })
    class Outer extends Base {}
    @Demand({ claims: { tier: null } })
    @Demand({ amr: 'pwd', claims: { org: 'x' } })
    @Demand({ mfa: null })
    class Inner extends Base {}

    const demands = {
      ...base,
      mfa: null,
      amr: 'pwd',
      claims: { tier: null, role: 'admin', org: 'x' },
    };
    expect(demandsOf(Outer)).toEqual(demands);
    expect(demandsOf(Inner)).toEqual(demands);
  });

  it('stay with a handler that is inherited, and with one that is overridden', () => {
    class Overriding extends Base {
      override handler(): void {}
    }
    class Again extends Overriding {
      @Demand({ maxAgeSeconds: null, amr: 'pwd' })
      override handler(): void {}
    }
    @Demand({ verifiedEmail: null })
    class Own extends Base {}

    expect(demandsOf(Own)).toEqual(base);
    expect(demandsOf(Overriding)).toEqual(base);
    expect(demandsOf(Again)).toEqual({ ...base, maxAgeSeconds: null, amr: 'pwd' });
  });

  it('are of no effect on a class that is open, and closed again on its closed handlers', () => {
    @Public()
    class Open extends Base {
      open(): void {}
    }
    @OptionalAuth()
    class Optional extends Base {
      open(): void {}
    }

    for (const owner of [Open, Optional]) {
      const { open, handler } = owner.prototype as unknown as Record<string, () => void>;
      expect(routeMarks(open as () => void, owner).mode).not.toBe('required');
      expect(routeMarks(handler as () => void, owner).mode).toBe('required');
      expect(demandsOf(owner)).toEqual(base);
    }
  });
});

describe('decorators of an app that are composed', () => {
  const GoldOnly = () => applyDecorators(Demand({ claims: { tier: 'gold' } }));
  const Recent = (maxAgeSeconds = 300) =>
    applyDecorators(Demand({ maxAgeSeconds }), SetMetadata('recent', true));
  const AdminOnly = () =>
    applyDecorators(GoldOnly(), Recent(), Demand({ claims: { role: 'admin' }, mfa: true }));

  it('each add their demands, on a class and on a handler', () => {
    @AdminOnly()
    class Closed {
      @GoldOnly()
      @Recent(60)
      handler(): void {}
    }

    expect(demandsOf(Closed)).toEqual({
      mfa: true,
      maxAgeSeconds: 60,
      claims: { tier: 'gold', role: 'admin' },
    });
    expect(Reflect.getMetadata('recent', Closed)).toBe(true);
  });

  it('may say the same twice', () => {
    @AdminOnly()
    @GoldOnly()
    @Demand({ amr: ['pwd', 'totp'], session: { refreshSeconds: 5 } })
    @Demand({ amr: ['pwd', 'totp'], session: { refreshSeconds: 5 } })
    class Closed {
      handler(): void {}
    }

    expect(demandsOf(Closed)).toMatchObject({ mfa: true, amr: ['pwd', 'totp'] });
  });

  it('may share a function', () => {
    const isGold = (tier: unknown): boolean => tier === 'gold';
    const demand = Demand({ claims: { tier: isGold } });
    @demand
    @demand
    class Closed {
      handler(): void {}
    }

    expect(demandsOf(Closed)).toEqual({ claims: { tier: isGold } });
  });

  it.each<{ one: unknown; other: unknown; path: string }>([
    { one: { mfa: true }, other: { mfa: null }, path: 'mfa' },
    { one: { amr: 'pwd' }, other: { amr: null }, path: 'amr' },
    { one: { amr: ['pwd'] }, other: { amr: 'pwd' }, path: 'amr' },
    { one: { amr: ['pwd', 'totp'] }, other: { amr: { allOf: ['pwd', 'totp'] } }, path: 'amr' },
    { one: { maxAgeSeconds: 60 }, other: { maxAgeSeconds: 300 }, path: 'maxAgeSeconds' },
    { one: { verifiedEmail: true }, other: { verifiedEmail: null }, path: 'verifiedEmail' },
    { one: { session: 'online' }, other: { session: { refreshSeconds: 0 } }, path: 'session' },
    { one: { claims: { a: 1 } }, other: { claims: { a: '1' } }, path: 'claims.a' },
    { one: { claims: { a: 1 } }, other: { claims: { a: null } }, path: 'claims.a' },
    {
      one: { claims: { a: ['x'] } },
      other: { claims: { a: { includes: 'x' } } },
      path: 'claims.a',
    },
    { one: { claims: { a: () => true } }, other: { claims: { a: () => true } }, path: 'claims.a' },
    { one: { claims: { a: () => true } }, other: { claims: { a: 1 } }, path: 'claims.a' },
    {
      one: { claims: { toString: 1 } },
      other: { claims: { toString: 2 } },
      path: 'claims.toString',
    },
  ])('may not say $one and $other of one target', ({ one, other, path }) => {
    const fault = [{ path: `@RequireAuth().${path}`, hint: TWICE }];
    for (const [first, second] of [
      [one, other],
      [other, one],
    ]) {
      const both = applyDecorators(Demand(first), Demand(second));
      expect(
        faultsOf(() => {
          @both
          class Closed {}
          return Closed;
        }),
      ).toEqual(fault);
      expect(
        faultsOf(() => {
          class Closed {
            @both
            handler(): void {}
          }
          return Closed;
        }),
      ).toEqual(fault);
    }
  });

  it.each([Public, OptionalAuth])('may not open what they close: %o', (open) => {
    for (const both of [
      [Demand({ mfa: true }), open()],
      [open(), Demand({ mfa: true })],
    ]) {
      expect(
        faultsOf(() => {
          class Closed {
            @applyDecorators(...both)
            handler(): void {}
          }
          return Closed;
        }),
      ).toEqual([expect.objectContaining({ path: 'Closed.handler' })]);
    }
  });
});
