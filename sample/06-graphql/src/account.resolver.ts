import { Field, ID, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { CurrentUser, type HankoUser, OptionalAuth, RequireAuth } from 'nestjs-hanko';

@ObjectType()
export class Account {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  sessionId!: string;

  @Field(() => String, { nullable: true })
  email!: string | undefined;

  @Field(() => [String], { description: 'How they signed in.' })
  amr!: readonly string[];

  @Field(() => Date)
  expiresAt!: Date;
}

@Resolver(() => Account)
export class AccountResolver {
  /** Open to everyone, and knows who is signed in. */
  @OptionalAuth()
  @Query(() => String)
  greeting(@CurrentUser() user: HankoUser | null) {
    return `Hello ${user?.email?.address ?? 'stranger'}`;
  }

  /** Only for those who are signed in. */
  @Query(() => Account)
  me(@CurrentUser() user: HankoUser): Account {
    const { id, sessionId, email, amr, expiresAt } = user;
    return { id, sessionId, email: email?.address, amr, expiresAt };
  }

  /**
   * Only for those who signed in with a second factor, or with a passkey. Nullable: where it is refused, the
   * fields beside it are still answered.
   */
  @RequireAuth({ mfa: true })
  @ResolveField(() => String, { nullable: true })
  card() {
    return '•••• 4242';
  }
}
