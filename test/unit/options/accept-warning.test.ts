import { describe, expect, it } from 'vitest';
import type { HankoSessionPolicy } from '../../../lib/options/session-policy.js';
import { acceptWarning } from '../../../lib/options/accept-warning.js';
import { apiUrl, resolve } from '../../support/options.js';

const ACCEPTING: HankoSessionPolicy = { refreshSeconds: 60, onUnavailable: 'accept' };

const warning = (
  written: object,
  policies: Readonly<Record<string, HankoSessionPolicy | null | undefined>> = {},
): string | null =>
  acceptWarning(
    resolve({ apiUrl, audience: null, ...written }),
    Object.entries(policies).map(([handler, session]) => ({ handler, session })),
  );

describe('the warning of accept', () => {
  it('is none where nothing accepts', () => {
    expect(warning({})).toBeNull();
    expect(
      warning(
        { session: 'online', onUnavailable: 'reject', revocation: { onUnavailable: 'reject' } },
        {
          'A.a': 'online',
          'A.b': 'offline',
          'A.c': { refreshSeconds: 60 },
          'A.d': undefined,
          'A.e': null,
        },
      ),
    ).toBeNull();
  });

  it.each([
    [{ onUnavailable: 'accept' }, {}, 'the option onUnavailable. '],
    [{ session: ACCEPTING }, {}, 'the option session.onUnavailable. '],
    [{ session: ACCEPTING, onUnavailable: 'accept' }, {}, 'the option onUnavailable. '],
    [{ session: 'online', onUnavailable: 'accept' }, {}, 'the option onUnavailable. '],
    [{ revocation: { onUnavailable: 'accept' } }, {}, 'the option revocation.onUnavailable. '],
    [{}, { 'A.a': ACCEPTING, 'A.b': 'online' }, '@RequireAuth({ session }) of A.a. '],
    [
      { onUnavailable: 'accept', revocation: { onUnavailable: 'accept' } },
      { 'A.a': ACCEPTING, 'B.b': ACCEPTING },
      'the option onUnavailable, and by @RequireAuth({ session }) of A.a, B.b, and by the option revocation.onUnavailable. ',
    ],
  ] as const)('names each place, and what it gives up: %j %j', (written, policies, places) => {
    const said = warning(written, policies);

    expect(said).toContain(`'accept' is set by ${places}`);
    expect(said).toMatch(/logout.*missed until the token expires.*'reject'.*503/);
  });

  it('names the first handlers, and counts the others', () => {
    const policies = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`A.a${n}`, ACCEPTING]));

    expect(warning({}, policies)).toContain('of A.a1, A.a2, A.a3, A.a4, A.a5 and 2 more.');
  });
});
