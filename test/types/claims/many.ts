// Compiled by test/surface/claims-types.test.ts, by itself: thirty claims, four names deep.
import { CurrentUser, RequireAuth } from 'nestjs-hanko';

interface Leaf {
  readonly id: string;
  readonly kind?: 'a' | 'b';
  readonly tags: readonly string[];
}

interface Branch {
  readonly one: Leaf;
  readonly two?: Leaf | null;
  readonly three: Leaf;
  readonly four: Leaf;
  readonly five: Leaf;
}

interface Tree {
  readonly left: Branch;
  readonly right?: Branch;
  readonly middle: Branch;
}

declare module 'nestjs-hanko' {
  interface HankoClaims {
    readonly claim0?: Tree;
    readonly claim1?: Tree;
    readonly claim2?: Tree;
    readonly claim3?: Tree;
    readonly claim4?: Tree;
    readonly claim5?: Tree;
    readonly claim6?: Tree;
    readonly claim7?: Tree;
    readonly claim8?: Tree;
    readonly claim9?: Tree;
    readonly claim10?: Tree;
    readonly claim11?: Tree;
    readonly claim12?: Tree;
    readonly claim13?: Tree;
    readonly claim14?: Tree;
    readonly claim15?: Tree;
    readonly claim16?: Tree;
    readonly claim17?: Tree;
    readonly claim18?: Tree;
    readonly claim19?: Tree;
    readonly claim20?: Tree;
    readonly claim21?: Tree;
    readonly claim22?: Tree;
    readonly claim23?: Tree;
    readonly claim24?: Tree;
    readonly claim25?: Tree;
    readonly claim26?: Tree;
    readonly claim27?: Tree;
    readonly claim28?: Tree;
    readonly claim29?: Tree;
  }
}

export const demands = [
  RequireAuth({
    claims: { 'claim0.left.one.kind': 'a', 'claim29.right.two.tags': { includes: 'x' } },
  }),
  CurrentUser('claims.claim15.middle.five.id'),
  // @ts-expect-error: no value of it
  RequireAuth({ claims: { 'claim0.left.one.kind': 'c' } }),
  // @ts-expect-error: no claim of it
  CurrentUser('claims.claim15.middle.six.id'),
];
