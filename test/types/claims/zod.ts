// Compiled by test/surface/claims-types.test.ts, by itself: claims inferred from a schema of zod.
import { CurrentUser, HankoModule, type HankoUser, RequireAuth } from 'nestjs-hanko';
import { z } from 'zod';

const claims = z.object({
  plan: z.enum(['free', 'team']).catch('free'),
  seats: z.coerce.number().optional(),
  since: z
    .string()
    .transform((text) => new Date(text))
    .optional(),
  org: z.object({ roles: z.array(z.enum(['admin', 'user'])) }).optional(),
  // Hanko's own: read, and not changed by what is made of them.
  sub: z.uuid(),
  email: z.object({ address: z.string() }).transform(({ address }) => address),
});

declare module 'nestjs-hanko' {
  // The form of the documentation, which typescript-eslint's default rules accept.
  interface HankoRegister {
    claimsSchema: typeof claims;
  }
}

export const module = HankoModule.forRoot({ claimsSchema: claims });

export function read({ claims: { plan, seats, since, org, email, sub } }: HankoUser): unknown[] {
  const isFree: boolean = plan === 'free';
  const count: number | undefined = seats;
  const year: number | undefined = since?.getFullYear();
  // @ts-expect-error: what the schema makes of an email is not what is there
  const text: string = email;
  // @ts-expect-error: a number, and no text
  const wrong: string = seats;
  // @ts-expect-error: no value of it
  const isGold: boolean = plan === 'gold';
  return [isFree, count, year, org?.roles, text, wrong, isGold, sub.length];
}

export const demands = [
  RequireAuth({ claims: { plan: 'team', seats: [1, 2], 'org.roles': { includes: 'admin' } } }),
  CurrentUser('claims.org.roles'),
  // @ts-expect-error: no value of it
  RequireAuth({ claims: { plan: 'gold' } }),
  // @ts-expect-error: the schema makes a number
  RequireAuth({ claims: { seats: '1' } }),
  // @ts-expect-error: no member of it
  RequireAuth({ claims: { 'org.roles': { includes: 'owner' } } }),
  // @ts-expect-error: no claim of it
  CurrentUser('claims.org.role'),
  // @ts-expect-error: a schema makes an object
  HankoModule.forRoot({ claimsSchema: z.string() }),
];
