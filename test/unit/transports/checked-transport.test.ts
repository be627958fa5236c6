import type { ExecutionContext } from '@nestjs/common';
import { type HankoCall, HankoConfigurationError, HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { checkedTransport } from '../../../lib/transports/checked-transport.js';

const SECRET = 'eyJhbGciOiJSUzI1NiJ9.secret.secret';
const CONTEXT = {} as ExecutionContext;

const throwing = (): never => {
  throw new Error(`no ${SECRET}`);
};
/** Throws whatever is done with it. */
const hostile = (target: object): object =>
  new Proxy(target, { get: throwing, has: throwing, ownKeys: throwing });

const open = (returned: unknown): HankoCall | undefined =>
  checkedTransport({ type: 'own', open: () => returned as HankoCall }).open(CONTEXT);

function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error.message;
    throw error;
  }
  return expect.unreachable('it was accepted');
}

describe('what a transport of the app returns', () => {
  it.each([undefined, null])('may be nothing: %s', (nothing) => {
    expect(open(nothing)).toBeUndefined();
  });

  it('may have all or none of its properties', () => {
    const identity = {};
    expect(open({})).toEqual({});
    expect(
      open({
        request: { method: 'GET', headers: { cookie: 'a=b' }, rawHeaders: ['Cookie', 'a=b'] },
        params: { token: SECRET, more: [1] },
        identity,
        isHandshake: true,
        isUnanswered: false,
        unsupported: undefined,
      }),
    ).toEqual({
      request: { method: 'GET', headers: { cookie: 'a=b' }, rawHeaders: ['Cookie', 'a=b'] },
      params: { token: SECRET, more: [1] },
      identity,
      isHandshake: true,
    });
  });

  it('has header fields in any case, and none of them hides another one', () => {
    const headers = { Authorization: 'Bearer a', authorization: ['Bearer b'], Cookie: 'c' };

    expect(open({ request: { headers } })?.request?.headers).toEqual({
      authorization: ['Bearer a', 'Bearer b'],
      cookie: 'c',
    });
  });

  it.each([
    { what: 'a promise', returned: () => Promise.reject(new Error(SECRET)) },
    // oxlint-disable-next-line unicorn/no-thenable -- as some libraries' promises are
    { what: 'a promise', returned: () => ({ then: (done: (it: object) => void) => done({}) }) },
    { what: 'a string', returned: () => SECRET },
    { what: 'a list', returned: () => [{ params: { token: SECRET } }] },
    { what: 'a boolean', returned: () => true },
    { what: 'a function', returned: () => () => ({}) },
    { what: 'a request without headers', returned: () => ({ request: {} }) },
    { what: 'a request without headers', returned: () => ({ request: SECRET }) },
    { what: 'a request without headers', returned: () => ({ request: null }) },
    {
      what: 'a request without headers',
      returned: () => ({ request: { headers: new Headers({ authorization: SECRET }) } }),
    },
    { what: 'as request a promise', returned: () => ({ request: Promise.resolve({}) }) },
    {
      what: 'as params a promise',
      returned: () => ({ params: Promise.reject(new Error(SECRET)) }),
    },
    {
      what: 'as params.token a promise',
      returned: () => ({ params: { token: Promise.reject(new Error(SECRET)) } }),
    },
    { what: 'as identity a string', returned: () => ({ identity: SECRET }) },
    { what: 'as identity null', returned: () => ({ identity: null }) },
    { what: 'as isHandshake a string', returned: () => ({ isHandshake: 'yes' }) },
    { what: 'as isHandshake 1', returned: () => ({ isHandshake: 1 }) },
    { what: 'as isUnanswered null', returned: () => ({ isUnanswered: null }) },
    { what: 'as unsupported a boolean', returned: () => ({ unsupported: true }) },
    { what: 'as setHeaders an object', returned: () => ({ setHeaders: {} }) },
    { what: 'as refusal a string', returned: () => ({ refusal: SECRET }) },
  ])('is told by name where it is $what, and repeated nowhere', ({ what, returned }) => {
    const message = failure(() => open(returned()));

    expect(message).toContain(`transports, "own"`);
    expect(message).toContain(`returned ${what}. open() must return {`);
    expect(message).not.toContain('secret');
  });

  it.each([
    { what: 'is a proxy', returned: () => hostile({}) },
    { what: 'has a request that is one', returned: () => ({ request: hostile({}) }) },
    {
      what: 'has header fields that are one',
      returned: () => ({ request: { headers: hostile({}) } }),
    },
    {
      what: 'has a header field that is one',
      returned: () => ({ request: { headers: { authorization: hostile([]) } } }),
    },
    { what: 'has params that are one', returned: () => ({ params: hostile({}) }) },
    {
      what: 'has headers in params that are one',
      returned: () => ({ params: { headers: hostile({}) } }),
    },
    {
      what: 'has a getter that throws',
      returned: () => ({
        params: {
          get token() {
            return throwing();
          },
        },
      }),
    },
  ])('is refused before anything looks into it where it $what', ({ returned }) => {
    const message = failure(() => open(returned()));

    expect(message).toMatch(/transports, "own".*(threw|returned)/);
    expect(message).not.toContain('secret');
  });

  it('is read once: what changes afterwards changes nothing', () => {
    const returned = {
      request: { headers: { authorization: 'Bearer a' } },
      params: { token: 'a', headers: { authorization: 'b' } },
      isHandshake: true,
    };
    const call = open(returned);
    returned.request.headers.authorization = 'Bearer other';
    returned.params.token = 'other';
    returned.params.headers.authorization = 'other';
    returned.isHandshake = false;

    expect(call).toEqual({
      request: { headers: { authorization: 'Bearer a' } },
      params: { token: 'a', headers: { authorization: 'b' } },
      isHandshake: true,
    });
  });
});

describe('a transport of the app', () => {
  it('that throws is told by name, and where, without its message', () => {
    const transport = checkedTransport({ type: 'own', open: throwing, openClient: throwing });

    for (const call of [() => transport.open(CONTEXT), () => transport.openClient?.({})]) {
      const message = failure(call);
      expect(message).toMatch(/threw Error \(at .*checked-transport\.test/);
      expect(message).not.toContain('secret');
    }
  });

  it('may throw errors of ours, and keeps its own this', () => {
    class Own {
      readonly type = 'own';
      private readonly error = new HankoTokenError('token_malformed', 'it is none');
      open(): never {
        throw this.error;
      }
    }

    expect(() => checkedTransport(new Own()).open(CONTEXT)).toThrow(HankoTokenError);
  });

  const error = new HankoTokenError('token_malformed', 'it is none');

  it('may return or throw what is thrown in the place of our error', () => {
    const mine = new Error('mine');
    const thrower = open({
      refusal: () => {
        throw mine;
      },
    });

    expect(open({ refusal: () => mine })?.refusal?.(error)).toBe(mine);
    expect(thrower?.refusal?.(error)).toBe(mine);
  });

  it('whose refusal is a promise, or whose setHeaders throws, is told by name', () => {
    const late = open({ refusal: () => Promise.reject(new Error(SECRET)) });
    const broken = open({ setHeaders: throwing });

    expect(failure(() => late?.refusal?.(error))).toContain(
      'returned a promise. refusal(error) must return at once what is thrown.',
    );
    expect(failure(() => broken?.setHeaders?.({}))).toMatch(
      /threw Error .*setHeaders\(headers\) must put them on the response/,
    );
  });
});
