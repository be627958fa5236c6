// Compiled by test/surface/claims-types.test.ts, by itself: claims inferred from a schema of arktype.
import { type } from 'arktype';
import {
  CurrentUser,
  HankoModule,
  type HankoUser,
  type InferHankoClaims,
  RequireAuth,
} from 'nestjs-hanko';

const claims = type({
  plan: "'free' | 'team' = 'free'",
  'seats?': 'string.integer.parse',
  'org?': { roles: "('admin' | 'user')[]" },
});

declare module 'nestjs-hanko' {
  // By hand; typescript-eslint's default rules accept an interface with a member.
  interface HankoClaims extends InferHankoClaims<typeof claims> {
    readonly sub: string;
  }
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
  HankoModule.forRoot({ claimsSchema: type('string') }),
];
