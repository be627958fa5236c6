import * as fc from 'fast-check';
import { TokenAuthenticator } from '../../../lib/auth/token-authenticator.js';
import { RequestAuthenticator } from '../../../lib/auth/request-authenticator.js';
import type { HankoRevocation } from '../../../lib/revocation/hanko-revocation.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import { KeyServer, type NamedKey, signSession } from '../../support/key-server.js';
import { useFixedSeed } from '../../support/properties.js';
import { rsaKey } from '../../support/rsa-keys.js';
import { who } from '../../support/tenants-apart.js';
import { madeUp, makeHankos, TENANT, useTenantHankos } from '../../support/tenants.js';

captureLog();
useTenantHankos();
useFixedSeed();

let server: KeyServer;
beforeAll(async () => {
  server = await KeyServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A session, and whose: users and sessions have the same ids at all tenants. */
interface Session {
  readonly tenant: number;
  readonly user: number;
  readonly token: string;
}

const TENANTS = 4;
const USERS = 2;
const [ids, users, sessions] = [madeUp(TENANTS), madeUp(USERS), madeUp(USERS)];
/** All have one kid, and the last two one key, which their audiences tell apart. */
const keys = Array.from({ length: TENANTS - 1 }, (): NamedKey => ({ kid: 'k', key: rsaKey() }));
const keyOf = (tenant: number): NamedKey => keys[Math.min(tenant, TENANTS - 2)] as NamedKey;
const audienceOf = (tenant: number): string => (tenant === TENANTS - 1 ? 'other' : 'localhost');
const all: readonly Session[] = ids.flatMap((_, tenant) =>
  users.map((sub, user) => ({
    tenant,
    user,
    token: signSession(keyOf(tenant), {
      sub,
      session_id: sessions[user],
      aud: [audienceOf(tenant)],
    }),
  })),
);

type Step =
  | {
      readonly kind: 'request';
      readonly at: number;
      readonly by: number;
      readonly is: 'header' | 'cookie';
    }
  | {
      readonly kind: 'revoke';
      readonly at: number;
      readonly user: number;
      readonly what: 'session' | 'user';
    };

const tenant = fc.nat({ max: TENANTS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      at: tenant,
      by: fc.nat({ max: all.length - 1 }),
      is: fc.constantFrom('header', 'cookie'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('revoke' as const),
      at: tenant,
      user: fc.nat({ max: USERS - 1 }),
      what: fc.constantFrom('session', 'user'),
    }),
  },
);

const revoke = (revocation: HankoRevocation, one: Step & { readonly kind: 'revoke' }) => {
  const at = revocation.tenant(ids[one.at] as string);
  return one.what === 'session'
    ? at.revoke(sessions[one.user] as string)
    : at.revokeUser(users[one.user] as string);
};

const OFFLINE = { session: null };
const FOREIGN = ['token_signature_invalid', 'token_audience_mismatch'];
const codeOf = (error: unknown): string => String((error as { readonly code: unknown }).code);

/** Who was revoked: before a round of requests, and in it. */
interface Gone {
  readonly before: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/** What a request may come to. */
function allowed(at: number, session: Session, { before, gone }: Gone): readonly string[] {
  if (session.tenant !== at) return FOREIGN;
  const name = `${at} ${session.user}`;
  const own = who({ tenantId: ids[at] as string, id: users[session.user] as string });
  if (before.has(name)) return ['session_revoked'];
  return gone.has(name) ? ['session_revoked', own] : [own];
}

it("for random requests of random tenants nobody ever is another tenant's user", async () => {
  ids.forEach((id, at) => server.published.set(id, [keyOf(at)]));
  const counts: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: TENANTS }),
      async (rounds, max) => {
        const trust = (id: string) => ({ audience: audienceOf(ids.indexOf(id)) });
        const { hankos, revocation } = makeHankos({ trust, max }, { apiUrl: server.url });
        const requests = new RequestAuthenticator(
          { trustedOrigins: new Set() },
          new TokenAuthenticator(revocation),
          hankos,
        );
        const ask = async (at: number, { token }: Session, is: string): Promise<string> => {
          const field =
            is === 'header' ? { authorization: `Bearer ${token}` } : { cookie: `hanko=${token}` };
          const headers = { [TENANT]: ids[at] as string, ...field };
          const call = { request: { method: 'GET', headers }, identity: {} };
          try {
            const outcome = await requests.authenticate(call, requests.notesOf(call), OFFLINE);
            return outcome.user === null ? codeOf(outcome.failure) : who(outcome.user);
          } catch (error) {
            return codeOf(error);
          }
        };
        const gone = new Set<string>();
        for (const round of rounds) {
          // Those of one round at once: it is told apart by their tenants alone.
          const before = new Set(gone);
          for (const one of round) if (one.kind === 'revoke') gone.add(`${one.at} ${one.user}`);
          // oxlint-disable-next-line no-await-in-loop -- one round after the other
          await Promise.all(
            round.map(async (one) => {
              if (one.kind === 'revoke') return revoke(revocation, one);
              const session = all[one.by] as Session;
              const got = await ask(one.at, session, one.is);
              counts[got] = (counts[got] ?? 0) + 1;
              expect(allowed(one.at, session, { before, gone })).toContain(got);
              return undefined;
            }),
          );
        }
      },
    ),
    { numRuns: 120 },
  );
  for (const code of ['session_revoked', ...FOREIGN]) expect(counts[code]).toBeGreaterThan(20);
  // Each user of each tenant was seen.
  expect(Object.keys(counts)).toHaveLength(TENANTS * USERS + 3);
}, 60_000);
