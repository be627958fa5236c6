import { randomUUID } from 'node:crypto';
import { HankoConfigurationError, type HankoModuleOptions, HankoRevocation } from 'nestjs-hanko';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTenantId } from '../../../lib/options/tenant-id.js';
import { HankoUser } from '../../../lib/user/hanko-user.js';
import { captureLog } from '../../support/log.js';
import { useFixedSeed } from '../../support/properties.js';
import {
  createRevocation,
  heardOf,
  judge,
  settled,
  SharedStore,
  START,
  TellingStore,
  userWith,
} from '../../support/revocation.js';
import { ACME, byHeader, GLOBEX } from '../../support/tenants.js';
import { TestClock } from '../../support/verifier.js';

const log = captureLog();
useFixedSeed();

const clock = new TestClock(START);
const make = (options: HankoModuleOptions = {}): HankoRevocation =>
  createRevocation({
    tenants: { resolve: byHeader },
    now: clock.now,
    ...options,
  });
const at = (tenantId: string | undefined, shape: Parameters<typeof userWith>[0] = {}): HankoUser =>
  new HankoUser(userWith(shape).claims, tenantId);

/** Who have the same ids, as after an import. */
const IDS = { id: randomUUID(), sessionId: randomUUID() };

describe('a revocation at one tenant', () => {
  it.each(['session', 'user'])(
    'of a %s ends nobody elsewhere who has the same ids',
    async (kind) => {
      const revocation = make();
      const heard = heardOf(revocation);
      const one = revocation.tenant(ACME);
      if (kind === 'session') await one.revoke(IDS.sessionId.toUpperCase());
      else await one.revokeUser(IDS.id.toUpperCase());
      expect(await judge(revocation, at(ACME, IDS))).toBe('session_revoked');
      for (const other of [GLOBEX, undefined, 'acme', `${ACME}/`, `${ACME} `]) {
        expect(await judge(revocation, at(other, IDS))).toBe('passes');
      }
      expect(heard).toEqual([expect.objectContaining({ kind, tenantId: ACME })]);
    },
  );

  it('that Hanko tells of by an ended session stays there', async () => {
    const revocation = make();
    revocation.noteEnded(at(ACME, { ...IDS, issuedAt: START }));
    expect(await judge(revocation, at(ACME, IDS))).toBe('session_revoked');
    expect(await judge(revocation, at(GLOBEX, IDS))).toBe('passes');
  });

  it('has to name the tenant, and only where there are some', async () => {
    const revocation = make();
    await expect(revocation.revoke(IDS.sessionId)).rejects.toThrow(HankoConfigurationError);
    await expect(revocation.revokeUser(IDS.id)).rejects.toThrow(HankoConfigurationError);
    for (const id of ['', ' ', 'a b', 'x'.repeat(256), undefined, null, 7, {}, [ACME]]) {
      expect(() => revocation.tenant(id as string)).toThrow(TypeError);
    }
    expect(() => createRevocation({}).tenant(ACME)).toThrow(HankoConfigurationError);
  });
});

describe('a store that instances share', () => {
  const stores = { 'is read': SharedStore, tells: TellingStore } as const;

  it.each(['is read', 'tells'] as const)('%s each tenant what is its own', async (how) => {
    const store = new stores[how]();
    const revocation = { store, maxAgeSeconds: 0 };
    const [here, there] = [make({ revocation }), make({ revocation })];
    const heard = heardOf(there);
    await here.tenant(ACME).revoke(IDS.sessionId);
    await here.tenant('globex/eu').revokeUser(IDS.id);
    await settled();
    expect(await judge(there, at(ACME, IDS))).toBe('session_revoked');
    expect(await judge(there, at('globex/eu', IDS))).toBe('session_revoked');
    expect(await judge(there, at(GLOBEX, IDS))).toBe('passes');
    expect(await judge(there, at('globex', IDS))).toBe('passes');
    expect(heard.map(({ tenantId }) => tenantId).toSorted()).toEqual([ACME, 'globex/eu']);
    expect([...store.values.keys()].filter((key) => key.includes(IDS.id)).toSorted()).toEqual([
      `nestjs-hanko:revoked-user:globex%2Feu/${IDS.id}`,
      `nestjs-hanko:revoked-user:globex%2Feu/${IDS.id}:2`,
    ]);
  });

  it('of an app before it had tenants ends nobody of a tenant, and what is no entry is no harm', async () => {
    const store = new TellingStore();
    const revocation = { store, maxAgeSeconds: 0 };
    const [before, after] = [
      createRevocation({ now: clock.now, revocation }),
      make({ revocation }),
    ];
    await before.revoke(IDS.sessionId);
    const until = START + 86_400_000;
    for (const key of [
      `nestjs-hanko:revoked-session:%/${IDS.sessionId}`,
      `nestjs-hanko:revoked-session:%ff/${IDS.sessionId}`,
      `nestjs-hanko:revoked-session:/${IDS.sessionId}`,
      `nestjs-hanko:revoked-user:${ACME}/${GLOBEX}/${IDS.id}`,
    ]) {
      await store.set(key, { until, issuedUpTo: until }, 1_000);
    }
    for (const tenantId of [ACME, GLOBEX]) {
      expect(await judge(after, at(tenantId, IDS))).toBe('passes');
    }
    expect(await judge(before, at(undefined, IDS))).toBe('session_revoked');
    expect(log).toEqual([]);
  });

  it('has no key that two tenants could have in common, whatever their ids', async () => {
    const id = fc
      .oneof(
        fc.string({
          minLength: 1,
          maxLength: 8,
          unit: fc.constantFrom('/', '%', '2', 'F', 'f', ':', '.', 'a', 'A'),
        }),
        fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
        fc.constantFrom(ACME, GLOBEX, `${ACME}/`, '..', '__proto__', `${ACME}%2f`),
      )
      .map(readTenantId)
      .filter((read) => read !== null);
    await fc.assert(
      fc.asyncProperty(id, id, async (one, other) => {
        fc.pre(one !== other);
        const store = new SharedStore();
        const revocation = make({ revocation: { store, maxAgeSeconds: 0 } });
        await revocation.tenant(one).revoke(IDS.sessionId);
        await revocation.tenant(one).revokeUser(IDS.id);
        const elsewhere = make({ revocation: { store, maxAgeSeconds: 0 } });
        expect(await judge(elsewhere, at(other, IDS))).toBe('passes');
        expect(await judge(elsewhere, at(one, IDS))).toBe('session_revoked');
      }),
      { numRuns: 150 },
    );
  });
});

describe('a tenant that revokes without end', () => {
  it('ends its own sessions, and takes no room and no session of others', async () => {
    const revocation = make();
    const mine = at(ACME, { issuedAt: START - 1_000 });
    const other = at(GLOBEX, { issuedAt: START - 1_000 });
    await revocation.tenant(GLOBEX).revoke(IDS.sessionId);
    const { status } = revocation;
    for (let n = 0; n < 100_001; n += 1) {
      revocation.noteEnded(at(ACME, { sessionId: uuid(n), issuedAt: START }));
    }
    expect(revocation.status.entries).toBeLessThan(status.entries + 10);
    expect(await judge(revocation, mine)).toBe('session_revoked');
    expect(await judge(revocation, at(ACME, { issuedAt: START + 60_000 }))).toBe('passes');
    expect(await judge(revocation, other)).toBe('passes');
    expect(await judge(revocation, at(GLOBEX, IDS))).toBe('session_revoked');
    expect(log).toEqual([expect.stringContaining(`Tenant "${ACME}" has more than 100000`)]);
  });
});

const uuid = (n: number): string => `5c0b6a52-5f0e-4c8e-9a53-${n.toString(16).padStart(12, '0')}`;
