import { HankoConfigurationError, HankoUser } from 'nestjs-hanko';
import { hankoUser } from 'nestjs-hanko/testing';
import { describe, expect, it } from 'vitest';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('hankoUser()', () => {
  it('is somebody else each time, who has just logged in with a password', () => {
    const [user, other] = [hankoUser(), hankoUser()];

    expect(user).toBeInstanceOf(HankoUser);
    expect(user.id).toMatch(UUID);
    expect(user.sessionId).toMatch(UUID);
    expect(user.id).not.toBe(other.id);
    expect(user.email).toBeUndefined();
    expect(user.username).toBeUndefined();
    expect(user.amr).toEqual(['pwd']);
    expect(Math.abs(Date.now() - user.authenticatedAt.getTime())).toBeLessThan(10_000);
    expect(user.expiresAt.getTime() - user.authenticatedAt.getTime()).toBe(12 * 3_600_000);
  });

  it('is who the test says, with the claims that a token would have', () => {
    const user = hankoUser({
      id: 'ada',
      sessionId: 'session',
      email: { address: 'ada@example.test', isVerified: false },
      username: 'ada',
      amr: ['passkey'],
      authenticatedAt: new Date('2026-01-31T10:00:00.999Z'),
      expiresAt: new Date('2026-01-31T11:00:00Z'),
      claims: { tier: 'gold', org: { plan: 'pro' } },
    });

    expect(JSON.parse(JSON.stringify(user))).toEqual({
      id: 'ada',
      sessionId: 'session',
      email: { address: 'ada@example.test', isPrimary: true, isVerified: false },
      username: 'ada',
      amr: ['passkey'],
      authenticatedAt: '2026-01-31T10:00:00.000Z',
      expiresAt: '2026-01-31T11:00:00.000Z',
      claims: {
        sub: 'ada',
        session_id: 'session',
        email: { address: 'ada@example.test', is_primary: true, is_verified: false },
        username: 'ada',
        amr: ['passkey'],
        iat: 1_769_853_600,
        exp: 1_769_857_200,
        tier: 'gold',
        org: { plan: 'pro' },
      },
    });
  });

  it('freezes nothing of the test', () => {
    const claims = { org: { plan: 'pro' } };
    hankoUser({ claims });

    expect(Object.isFrozen(claims.org)).toBe(false);
  });

  it.each([
    { path: 'user', written: null },
    { path: 'user.sub', written: { sub: 'ada' } },
    { path: 'user.id', written: { id: '' } },
    { path: 'user.sessionId', written: { sessionId: 7 } },
    { path: 'user.username', written: { username: null } },
    { path: 'user.email', written: { email: { isVerified: true } } },
    { path: 'user.amr', written: { amr: 'pwd' } },
    { path: 'user.authenticatedAt', written: { authenticatedAt: '2026-01-31' } },
    { path: 'user.expiresAt', written: { expiresAt: new Date('never') } },
    { path: 'user.claims', written: { claims: 'gold' } },
    { path: 'user.claims.sub', written: { claims: { sub: 'ada' } } },
    { path: 'user.claims.amr', written: { claims: { amr: [] } } },
  ])('refuses $written, and says where', ({ path, written }) => {
    const make = (): unknown => hankoUser(written as never);

    expect(make).toThrow(HankoConfigurationError);
    expect(make).toThrow(`- ${path}: `);
  });
});
