import { describe, expect, it } from 'vitest';
import {
  type HankoSessionPolicy,
  resolveSessionPolicy,
  sessionPolicyFaults,
} from '../../../lib/options/session-policy.js';

const RANGE = 'must be a whole number from 0 to 86400 (seconds), got';

describe('a session policy', () => {
  it.each<HankoSessionPolicy>([
    'offline',
    'online',
    { refreshSeconds: 0 },
    { refreshSeconds: 86_400 },
    { refreshSeconds: 60, keepAlive: false },
    { refreshSeconds: 60, keepAlive: true, onUnavailable: 'accept' },
    { refreshSeconds: 60, onUnavailable: 'reject' },
    { refreshSeconds: 60, keepAlive: undefined, onUnavailable: undefined } as never,
  ])('may be %j', (policy) => {
    expect(sessionPolicyFaults(policy, 'session')).toEqual([]);
  });

  it.each([undefined, null, 0, 60, true, '', 'Online', 'on', [], [{ refreshSeconds: 1 }], () => 1])(
    'is a word or an object: %j',
    (policy) => {
      expect(sessionPolicyFaults(policy, 'session')).toEqual([
        { path: 'session', hint: "must be 'offline', 'online' or { refreshSeconds }." },
      ]);
    },
  );

  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [-1, '-1'],
    [86_401, '86401'],
    [0.5, '0.5'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['60', 'a string'],
    [[60], 'a list'],
    [true, 'a boolean'],
  ])('refreshes after whole seconds: %j', (refreshSeconds, kind) => {
    expect(sessionPolicyFaults({ refreshSeconds }, 'session')).toEqual([
      { path: 'session.refreshSeconds', hint: `${RANGE} ${kind}.` },
    ]);
  });

  it('has to say how often, whatever else it says', () => {
    expect(sessionPolicyFaults({ keepAlive: false }, 'session')).toEqual([
      { path: 'session.refreshSeconds', hint: `${RANGE} nothing.` },
    ]);
  });

  it.each([null, 0, 1, 'true', 'GET', {}])('keeps alive or not: %j', (keepAlive) => {
    expect(sessionPolicyFaults({ refreshSeconds: 1, keepAlive }, 'session')).toEqual([
      { path: 'session.keepAlive', hint: 'must be true or false.' },
    ]);
  });

  it.each([null, '', 'Accept', 'allow', true, {}])(
    'rejects or accepts while Hanko is down: %j',
    (onUnavailable) => {
      expect(sessionPolicyFaults({ refreshSeconds: 1, onUnavailable }, 'session')).toEqual([
        { path: 'session.onUnavailable', hint: "must be 'reject' or 'accept'." },
      ]);
    },
  );

  it('has no other parts', () => {
    const policy = { refreshSeconds: 1, keepalive: true, refreshMs: 1, constructor: 1 };
    const hint =
      'is not part of a session policy. Its members are refreshSeconds, keepAlive, onUnavailable.';

    expect(sessionPolicyFaults(policy, 'session')).toEqual([
      { path: 'session.keepalive', hint },
      { path: 'session.refreshMs', hint },
      { path: 'session.constructor', hint },
    ]);
  });

  it('is told all that is wrong at once, where it was written, and without its values', () => {
    const policy = { refreshSeconds: 's3cr3t', keepAlive: 's3cr3t', onUnavailable: 's3cr3t', x: 1 };
    const faults = sessionPolicyFaults(policy, '@RequireAuth().session');

    expect(faults.map(({ path }) => path)).toEqual([
      '@RequireAuth().session.x',
      '@RequireAuth().session.refreshSeconds',
      '@RequireAuth().session.keepAlive',
      '@RequireAuth().session.onUnavailable',
    ]);
    expect(JSON.stringify(faults)).not.toContain('s3cr3t');
  });
});

describe('a policy without faults', () => {
  it.each(['reject', 'accept'] as const)('asks nobody if it is offline: %s', (onUnavailable) => {
    expect(resolveSessionPolicy('offline', onUnavailable)).toBeNull();
  });

  it('asks on each request if it is online, and counts as activity', () => {
    const online = { refreshMs: 0, keepAlive: true, onUnavailable: 'reject' };

    expect(resolveSessionPolicy('online', 'reject')).toEqual(online);
    expect(resolveSessionPolicy({ refreshSeconds: 0 }, 'reject')).toEqual(online);
  });

  it('takes onUnavailable from the module, unless it says it itself', () => {
    const of = (policy: HankoSessionPolicy, module: 'reject' | 'accept'): string | undefined =>
      resolveSessionPolicy(policy, module)?.onUnavailable;

    expect(of('online', 'accept')).toBe('accept');
    expect(of({ refreshSeconds: 1 }, 'accept')).toBe('accept');
    expect(of({ refreshSeconds: 1 }, 'reject')).toBe('reject');
    expect(of({ refreshSeconds: 1, onUnavailable: 'reject' }, 'accept')).toBe('reject');
    expect(of({ refreshSeconds: 1, onUnavailable: 'accept' }, 'reject')).toBe('accept');
  });

  it('is in milliseconds, and keeps what it says', () => {
    const written = { refreshSeconds: 90, keepAlive: false, onUnavailable: 'accept' } as const;

    expect(resolveSessionPolicy(written, 'reject')).toEqual({
      refreshMs: 90_000,
      keepAlive: false,
      onUnavailable: 'accept',
    });
  });
});
