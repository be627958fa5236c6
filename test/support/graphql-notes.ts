import {
  Args,
  Context,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import {
  CurrentUser,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';

/** What ran, by name: a handler that was not to run must not be in it. */
export const ran: string[] = [];

export const typeDefs = `
  type Note { id: ID!, text: String!, owner: String, secret: String }
  type Query {
    whoAmI: String
    sessionToken: String
    open: String
    optional: String
    safe: String
    admin: String
    requestUser: String
    notes: [Note!]!
    openNotes: [Note!]!
  }
  type Mutation { rename(name: String!): String, openRename(name: String!): String }
  type Subscription { ticks: String, openTicks: String, optionalTicks: String, safeTicks: String }
`;

const NOTES = [
  { id: '1', text: 'one' },
  { id: '2', text: 'two' },
];

const idOf = (user: HankoUser | null): string => user?.id ?? 'nobody';

/** What an app has in GraphQL: unmarked, public, optional, and with requirements. */
@Resolver('Note')
export class NotesResolver {
  @Query()
  whoAmI(@CurrentUser() user: HankoUser, @CurrentUser('id') id: string): string {
    ran.push('whoAmI');
    return user.id === id ? id : 'two users';
  }

  @Query()
  sessionToken(@SessionToken() token: string): string {
    return token;
  }

  @Public()
  @Query()
  open(@CurrentUser() user: HankoUser | null): string {
    return idOf(user);
  }

  @OptionalAuth()
  @Query()
  optional(@CurrentUser() user: HankoUser | null): string {
    return idOf(user);
  }

  @RequireAuth({ mfa: true })
  @Query()
  safe(): string {
    ran.push('safe');
    return 'safe';
  }

  @RequireAuth({ verifiedEmail: true })
  @Query()
  admin(): string {
    ran.push('admin');
    return 'admin';
  }

  @Public()
  @Query()
  requestUser(@Context() { req }: { req: { user?: unknown } }): string {
    return typeof req.user;
  }

  @Query()
  notes(): unknown {
    ran.push('notes');
    return NOTES;
  }

  @Public()
  @Query()
  openNotes(): unknown {
    return NOTES;
  }

  @ResolveField()
  owner(@Parent() note: { id: string }, @CurrentUser() user: HankoUser): string {
    ran.push('owner');
    return `${note.id} of ${user.id}`;
  }

  @RequireAuth({ mfa: true })
  @ResolveField()
  secret(): string {
    ran.push('secret');
    return 'secret';
  }

  @Mutation()
  rename(@Args('name') name: string, @CurrentUser('id') id: string): string {
    ran.push('rename');
    return `${name} by ${id}`;
  }

  @Public()
  @Mutation()
  openRename(@Args('name') name: string): string {
    return name;
  }

  @Subscription()
  ticks(@CurrentUser('id') id: string): unknown {
    ran.push('ticks');
    return once('ticks', id);
  }

  @Public()
  @Subscription()
  openTicks(@CurrentUser() user: HankoUser | null): unknown {
    return once('openTicks', idOf(user));
  }

  @OptionalAuth()
  @Subscription()
  optionalTicks(@CurrentUser() user: HankoUser | null): unknown {
    return once('optionalTicks', idOf(user));
  }

  @RequireAuth({ mfa: true })
  @Subscription()
  safeTicks(): unknown {
    ran.push('safeTicks');
    return once('safeTicks', 'safe');
  }
}

async function* once(field: string, value: string): AsyncGenerator<Record<string, string>> {
  yield { [field]: value };
}
