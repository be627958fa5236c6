import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HankoLiveSessions } from '../../../lib/connections/live-sessions.js';
import type { HankoRevocation } from '../../../lib/revocation/hanko-revocation.js';
import type { TenantHankos } from '../../../lib/tenants/tenant-hankos.js';
import type { HankoUser } from '../../../lib/user/hanko-user.js';
import { captureLog } from '../../support/log.js';
import { settled } from '../../support/revocation.js';
import {
  acme,
  clock,
  codeAt,
  globex,
  makeHankos,
  named,
  network,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

captureLog();
useTenantHankos();

/** What the app says of each tenant now. */
let trusted: Map<string, object>;
let isDown = false;
let hankos: TenantHankos;
let revocation: HankoRevocation;
let live: HankoLiveSessions;
let user: HankoUser;
let signal: AbortSignal;
let other: AbortSignal;

beforeEach(async () => {
  trusted = new Map([
    ['acme', { apiUrl: acme.url }],
    ['globex', { apiUrl: globex.url }],
  ]);
  isDown = false;
  const made = makeHankos({
    trust: async (id) => {
      if (isDown) throw new Error('down');
      return trusted.get(id) ?? null;
    },
  });
  ({ hankos, revocation } = made);
  live = new HankoLiveSessions(made.options, revocation, hankos);
  user = await userAt(hankos, 'acme', await acme.token());
  signal = live.signal(user);
  other = live.signal(await userAt(hankos, 'globex', await globex.token()));
});
afterEach(() => live.onModuleDestroy());

/** A request comes, and the app is asked again. */
async function askAgain(): Promise<void> {
  clock.advance(61);
  await Promise.all([named(hankos, 'acme'), named(hankos, 'globex')]).catch(() => undefined);
  await settled();
}

describe('what a session of a tenant has opened', () => {
  it('ends when the app knows the tenant no more', async () => {
    trusted.delete('acme');
    await askAgain();
    expect(signal.reason).toMatchObject({ code: 'tenant_unknown' });
    expect(other.aborted).toBe(false);
    expect(live.size).toBe(1);
  });

  it('ends when the app trusts another Hanko, issuer or audience', async () => {
    for (const change of [
      { apiUrl: globex.url },
      { apiUrl: globex.url, audience: 'acme.example' },
      { apiUrl: globex.url, audience: 'acme.example', issuer: 'acme' },
    ]) {
      const before = live.signal(user);
      trusted.set('acme', change);
      // oxlint-disable-next-line no-await-in-loop -- one change after the other
      await askAgain();
      expect(before.reason).toMatchObject({ code: 'session_revoked' });
      expect(other.aborted).toBe(false);
    }
  });

  it('goes on while the app says the same, or cannot say', async () => {
    trusted.set('acme', { apiUrl: `${acme.url}/` });
    await askAgain();
    isDown = true;
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- for ten minutes
      await askAgain();
    }
    expect([signal.aborted, other.aborted]).toEqual([false, false]);
    expect(await codeAt(hankos, 'acme', await acme.token())).toBe('hanko_unavailable');
  });

  it('goes on when its tenant makes room for others, and is still revoked', async () => {
    for (let n = 0; n < 3; n += 1) trusted.set(`t${n}`, { apiUrl: acme.url });
    const made = makeHankos({ trust: (id) => trusted.get(id) ?? null, max: 1 });
    const watching = new HankoLiveSessions(made.options, made.revocation, made.hankos);
    try {
      const found = await userAt(made.hankos, 'acme', await acme.token());
      const held = watching.signal(found);
      await Promise.all(['t0', 't1', 't2'].map((id) => named(made.hankos, id)));
      expect(made.hankos.known('acme')).toBeUndefined();
      expect(held.aborted).toBe(false);
      const calls = network.calls;
      await made.revocation.tenant('t0').revoke(found.sessionId);
      expect(held.aborted).toBe(false);
      await made.revocation.tenant('acme').revoke(found.sessionId);
      expect(held.reason).toMatchObject({ code: 'session_revoked' });
      expect(network.calls).toBe(calls);
    } finally {
      watching.onModuleDestroy();
    }
  });
});
