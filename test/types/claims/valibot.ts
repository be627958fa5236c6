// Compiled by test/surface/claims-types.test.ts, by itself: claims inferred from a schema of valibot.
import {
  CurrentUser,
  HankoModule,
  type HankoUser,
  type InferHankoClaims,
  RequireAuth,
} from 'nestjs-hanko';
import * as v from 'valibot';

const claims = v.object({
  plan: v.fallback(v.picklist(['free', 'team']), 'free'),
  seats: v.optional(v.pipe(v.string(), v.transform(Number))),
  org: v.optional(v.object({ roles: v.array(v.picklist(['admin', 'user'])) })),
});

declare module 'nestjs-hanko' {
  interface HankoClaims extends InferHankoClaims<typeof claims> {}
}

export const module = HankoModule.forRoot({ claimsSchema: claims });

export const read = ({
  claims: { plan, seats },
}: HankoUser): ['free' | 'team', number | undefined] => [plan, seats];

export const demands = [
  RequireAuth({ claims: { plan: 'team', seats: [1, 2], 'org.roles': { includes: 'admin' } } }),
  CurrentUser('claims.org.roles'),
  // @ts-expect-error: no value of it
  RequireAuth({ claims: { plan: 'gold' } }),
  // @ts-expect-error: the schema makes a number
  RequireAuth({ claims: { seats: '1' } }),
  // @ts-expect-error: no claim of it
  CurrentUser('claims.org.role'),
  // @ts-expect-error: a schema makes an object
  HankoModule.forRoot({ claimsSchema: v.string() }),
];
