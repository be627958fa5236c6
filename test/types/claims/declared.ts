// Compiled by test/surface/claims-types.test.ts, by itself: claims that are declared by hand.
import { applyDecorators } from '@nestjs/common';
import {
  CurrentUser,
  type HankoAuthService,
  type HankoClaimAt,
  type HankoClaimPath,
  type HankoRequirements,
  type HankoUser,
  type HankoUserKey,
  RequireAuth,
} from 'nestjs-hanko';

declare module 'nestjs-hanko' {
  interface HankoClaims {
    readonly tier?: 'free' | 'gold';
    readonly seats?: number;
    readonly beta?: boolean;
    readonly roles?: readonly ('admin' | 'user')[];
    readonly org?: {
      readonly plan: 'pro' | 'team';
      readonly owner?: { readonly id: string; readonly since?: { readonly year: number } } | null;
      readonly tags: string[];
      readonly 'cost.center'?: number;
    };
    readonly either?:
      { readonly kind: 'a'; readonly a: number } | { readonly kind: 'b'; readonly b: string };
    readonly anything?: unknown;
    readonly 'https://app.test/org'?: { readonly role: 'lead' | 'member' };
    readonly deep?: { readonly b: { readonly c: { readonly d: { readonly e: string } } } };
    readonly since?: Date;
  }
}

type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const same = <A, B>(isSame: IsSame<A, B>): unknown => isSame;

// Values at paths
same<HankoClaimAt<'tier'>, 'free' | 'gold' | undefined>(true);
same<HankoClaimAt<'org.plan'>, 'pro' | 'team' | undefined>(true);
same<HankoClaimAt<'org.owner.id'>, string | undefined>(true);
same<HankoClaimAt<'org.owner.since.year'>, number | undefined>(true);
same<HankoClaimAt<'org.cost.center'>, number | undefined>(true);
same<HankoClaimAt<'https://app.test/org.role'>, 'lead' | 'member' | undefined>(true);
same<HankoClaimAt<'either.kind'>, 'a' | 'b' | undefined>(true);
same<HankoClaimAt<'either.b'>, string | undefined>(true);
same<HankoClaimAt<'session_id'>, string>(true);

// Paths
export const paths: readonly HankoClaimPath[] = [
  'sub',
  'email',
  'org',
  'org.owner.since.year',
  'org.cost.center',
  'https://app.test/org',
  'https://app.test/org.role',
  'deep.b.c.d',
  'since',
  // @ts-expect-error: nobody declared it
  'nope',
  // @ts-expect-error: nor that one
  'org.nope',
  // @ts-expect-error: a list has no members
  'roles.0',
  // @ts-expect-error: nor a length
  'roles.length',
  // @ts-expect-error: text has no members
  'tier.length',
  // @ts-expect-error: five names deep
  'deep.b.c.d.e',
  // @ts-expect-error: what a method is no claim
  'since.getTime',
  // @ts-expect-error: a path ends in a name
  'org.',
];

// Demands that compile
export const good: readonly HankoRequirements[] = [
  { claims: { tier: 'gold', seats: 3, beta: true } },
  { claims: { tier: ['free', 'gold'], seats: [1, 2] } },
  { claims: { roles: { includes: 'admin' }, 'org.tags': { includes: 'x' } } },
  { claims: { 'org.plan': 'pro', 'org.owner.id': 'x', 'org.owner.since.year': [2025, 2026] } },
  { claims: { 'https://app.test/org.role': 'lead', 'org.cost.center': 7 } },
  { claims: { anything: 'x', email: 'text@example.test' } },
  { claims: { anything: { includes: 1 } } },
  {
    claims: { either: (value) => value?.kind === 'a', 'either.b': 'x', 'either.kind': ['a', 'b'] },
  },
  { claims: { tier: null, 'org.plan': null } },
  { claims: { org: (org) => org?.owner?.since !== undefined } },
  { claims: { tier: (tier, user) => tier === 'gold' || user.email?.isVerified === true } },
  { amr: 'pwd' },
  { amr: ['passkey', 'ext:google', 'ext'] },
  { amr: { allOf: ['pwd', 'security_key'] }, maxAgeSeconds: null, verifiedEmail: null },
];

// And demands that do not
export const bad: readonly HankoRequirements[] = [
  // @ts-expect-error: nobody declared it
  { claims: { teir: 'gold' } },
  // @ts-expect-error: no value of it
  { claims: { tier: 'golden' } },
  // @ts-expect-error: a number is no text
  { claims: { seats: '3' } },
  // @ts-expect-error: one of the list is no value of it
  { claims: { tier: ['gold', 'golden'] } },
  // @ts-expect-error: it is no list
  { claims: { tier: { includes: 'gold' } } },
  // @ts-expect-error: no member of such a list
  { claims: { roles: { includes: 'owner' } } },
  // @ts-expect-error: a list is not equal to one of its members
  { claims: { roles: 'admin' } },
  // @ts-expect-error: an object can only be judged by a function
  { claims: { org: { plan: 'pro' } } },
  // @ts-expect-error: nobody declared it there
  { claims: { 'org.nope': 'pro' } },
  // @ts-expect-error: no value of it
  { claims: { 'org.plan': 'gold' } },
  // @ts-expect-error: nor here
  { claims: { 'https://app.test/org.role': 'boss' } },
  // @ts-expect-error: it compares what is never equal
  { claims: { tier: (tier) => tier === 'golden' } },
  // @ts-expect-error: it may be absent
  { claims: { seats: (seats) => seats > 3 } },
  // @ts-expect-error: it takes what the claim is not
  { claims: { seats: (seats: string) => seats === '3' } },
  // @ts-expect-error: a promise is neither true nor false yet
  { claims: { tier: async (tier) => tier === 'gold' } },
  // @ts-expect-error: not a method of Hanko
  { amr: ['pswd'] },
  // @ts-expect-error: nor alone
  { amr: 'pswd' },
  // @ts-expect-error: nor where each is needed
  { amr: { allOf: ['mfa'] } },
  // @ts-expect-error: any one of them is what a list says
  { amr: { anyOf: ['pwd'] } },
  // @ts-expect-error: it has a unit
  { maxAge: 300 },
  // @ts-expect-error: a number of seconds
  { maxAgeSeconds: '5m' },
  // @ts-expect-error: a session is asked of a route, not of a user
  { session: 'online' },
  // @ts-expect-error: nothing by that name
  { role: 'admin' },
];

export const GoldOnly = () => applyDecorators(RequireAuth({ claims: { tier: 'gold' } }));

export const decorators = [
  RequireAuth({ claims: { tier: 'gold' }, session: { refreshSeconds: 5 } }),
  // @ts-expect-error: no value of it
  RequireAuth({ claims: { tier: 'golden' } }),
  CurrentUser('claims.tier'),
  CurrentUser('claims.org.owner.since.year'),
  CurrentUser('claims.https://app.test/org.role'),
  CurrentUser('claims'),
  // @ts-expect-error: nobody declared it
  CurrentUser('claims.nope'),
  // @ts-expect-error: nobody declared it there
  CurrentUser('claims.org.nope'),
  // @ts-expect-error: no property of a user
  CurrentUser('tier'),
  // @ts-expect-error: nothing is named
  CurrentUser('claims.'),
];

export const key: HankoUserKey = 'claims.org.plan';

export function check(hanko: HankoAuthService, user: HankoUser | null): void {
  // @ts-expect-error: nobody may be there
  hanko.assertRequirements(user, { claims: { tier: 'gold' } });
  if (user === null) return;
  hanko.assertRequirements(user, { claims: { tier: 'gold' }, mfa: true });
  // @ts-expect-error: no value of it
  hanko.assertRequirements(user, { claims: { tier: 'golden' } });
  // @ts-expect-error: it may be absent
  void user.claims.org.plan;
  // @ts-expect-error: claims are read-only
  user.claims.tier = 'gold';
}
