import type { INestApplicationContext } from '@nestjs/common';
import {
  type HankoForRootOptions,
  HankoModule,
  HankoRevocation,
  type HankoUser,
} from 'nestjs-hanko';
import { expect, it } from 'vitest';
import { claimsIn } from './claims-in.js';
import {
  ACME,
  acme,
  apiUrl,
  byHeader,
  GLOBEX,
  globex,
  madeUp,
  TENANT,
  useTenants,
} from './tenants.js';

export { ACME, acme, apiUrl, GLOBEX, globex, TENANT, useTenants };

export const tenantsModule = (options: Partial<HankoForRootOptions> = {}) =>
  HankoModule.forRoot({
    apiUrl,
    audience: 'localhost',
    tenants: { resolve: byHeader },
    ...options,
  });

/** What handlers answer. */
export const who = (user: Pick<HankoUser, 'tenantId' | 'id'> | null): string =>
  user === null ? 'nobody' : `${user.tenantId} ${user.id}`;

export const whoIn = (tenantId: string, token: string): string =>
  who({ tenantId, id: claimsIn(token).sub });

/** Header fields of a request to a tenant. */
export const at = (tenant: string | undefined): Record<string, string> =>
  tenant === undefined ? {} : { [TENANT]: tenant };

/** The code of a refusal, wherever a transport has put it. */
export const codeIn = (body: unknown): string =>
  (Object(body) as { readonly code?: string }).code ?? JSON.stringify(body);

/** What is signed by globex for a session of acme, as an import of users would make it: the same ids, and another key. */
export const twinOf = (token: string): Promise<string> =>
  globex.sign({ payload: { ...claimsIn(token) } });

/** Asks by one way who is calling: `who` of the user, or the code of the refusal. */
export type Ask = (tenant: string | undefined, token: string) => Promise<string>;

/** To be called in a `describe` that begins with `useTenants()`: the same of every transport. */
export function keepsTenantsApart(
  ask: Ask,
  app: () => Pick<INestApplicationContext, 'get'>,
  { isForgiven = false }: { readonly isForgiven?: boolean } = {},
): void {
  /** What a bad token is answered with. */
  const refused = (code: string): string => (isForgiven ? 'nobody' : code);
  const unknownKey = refused('token_key_unknown');

  it('a token is its user at its own tenant, and nobody at another one, whatever came before', async () => {
    const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
    for (const id of [ACME, ACME.toUpperCase(), ACME]) {
      expect(await ask(id, ofAcme)).toBe(whoIn(ACME, ofAcme));
      expect(await ask(GLOBEX, ofAcme)).toBe(unknownKey);
      expect(await ask(GLOBEX, ofGlobex)).toBe(whoIn(GLOBEX, ofGlobex));
      expect(await ask(ACME, ofGlobex)).toBe(unknownKey);
    }
  });

  it('a good token belongs to nobody where there is no tenant, or none of this id', async () => {
    const token = await acme.token();
    expect(await ask(ACME, token)).toBe(whoIn(ACME, token));
    for (const id of [undefined, '', 'acme', `${ACME}/`, `${ACME},${GLOBEX}`, ...madeUp(1)]) {
      expect(await ask(id, token)).toBe('tenant_unknown');
    }
  });

  it('a session that is revoked at one tenant goes on at another one that has the same ids', async () => {
    const token = await acme.token();
    const twin = await twinOf(token);
    const { sub, session_id: sessionId } = claimsIn(token);
    const revocation = app().get(HankoRevocation);
    await revocation.tenant(ACME).revoke(sessionId);
    expect(await ask(ACME, token)).toBe(refused('session_revoked'));
    expect(await ask(GLOBEX, twin)).toBe(whoIn(GLOBEX, twin));
    await revocation.tenant(GLOBEX).revokeUser(sub);
    expect(await ask(GLOBEX, twin)).toBe(refused('session_revoked'));
    const other = await acme.token({ user: sub });
    expect(await ask(ACME, other)).toBe(whoIn(ACME, other));
  });
}
