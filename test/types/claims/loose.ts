// Compiled by test/surface/claims-types.test.ts, by itself: a schema that lets any other claim through.
import { CurrentUser, HankoModule, type InferHankoClaims, RequireAuth } from 'nestjs-hanko';
import { z } from 'zod';

const claims = z.looseObject({
  plan: z.enum(['free', 'team']),
  settings: z.record(z.string(), z.string()).optional(),
});

declare module 'nestjs-hanko' {
  interface HankoClaims extends InferHankoClaims<typeof claims> {}
}

export const module = HankoModule.forRoot({ claimsSchema: claims });

export const demands = [
  RequireAuth({ claims: { plan: 'team', settings: (settings) => settings?.theme === 'dark' } }),
  CurrentUser('claims.settings'),
  // @ts-expect-error: no value of it, though others may be anything
  RequireAuth({ claims: { plan: 'gold' } }),
  // @ts-expect-error: a claim that nobody named
  RequireAuth({ claims: { paln: 'team' } }),
  // @ts-expect-error: a claim that nobody named
  CurrentUser('claims.paln'),
];
