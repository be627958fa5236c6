import {
  type CanActivate,
  Injectable,
  Module,
  type ModuleMetadata,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { APP_GUARD } from '@nestjs/core';
import {
  GraphQLModule,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { describeRoutes, expectNoOpenRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Platform, type RunningApp, send, startApp } from '../../support/app.js';
import { IS_NEST_11 } from '../../support/message-app.js';
import { accessOf, routesOf } from '../../support/routes.js';

const SCHEMA = `
  type Query { notes: [Note!]  open: [Note!]  feed: [Note!]  media: Media }
  type Mutation { addNote: Note }
  type Subscription { noteAdded: Note }
  type Note { id: ID!  author: String  secret: String  mine: String }
  type Film { id: ID! }
  union Media = Note | Film
`;

@Injectable()
class RolesGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Resolver('Note')
class NotesResolver {
  @Query()
  notes(): unknown {
    return [{ id: '1' }];
  }

  @Public()
  @Query('open')
  openNotes(): unknown {
    return [{ id: '1' }];
  }

  @OptionalAuth()
  @UseGuards(RolesGuard)
  @Query()
  feed(): unknown {
    return [{ id: '1' }];
  }

  @RequireAuth({ mfa: true })
  @Mutation()
  addNote(): unknown {
    return { id: '2' };
  }

  @Subscription()
  noteAdded(): AsyncIterator<unknown> {
    return (async function* () {})();
  }

  @ResolveField()
  author(@Parent() { id }: { id: string }): string {
    return `author of ${id}`;
  }

  @ResolveField('mine')
  whose(@CurrentUser('id') id: string): string {
    return id;
  }

  /** No decorator of GraphQL: nobody can call it. */
  help(): string {
    return 'help';
  }
}

@Resolver('Media')
class MediaResolver {
  @ResolveField()
  __resolveType(): string {
    return 'Film';
  }
}

/** The whole class speaks of a root type, as SDL-first apps write it. */
@Resolver('Query')
class MediaQueries {
  @ResolveField()
  media(): unknown {
    return { id: 'film' };
  }
}

const RESOLVERS = [NotesResolver, MediaResolver, MediaQueries];
const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

type Options = Partial<ApolloDriverConfig>;

const apollo = (options: Options = {}, { isAsync = false } = {}) => {
  const given: ApolloDriverConfig = {
    driver: ApolloDriver,
    typeDefs: SCHEMA,
    playground: false,
    ...options,
  };
  return isAsync
    ? GraphQLModule.forRootAsync<ApolloDriverConfig>({
        driver: ApolloDriver,
        useFactory: () => Promise.resolve(given),
      })
    : GraphQLModule.forRoot<ApolloDriverConfig>(given);
};

const start = (
  { imports = [apollo()], providers = [...RESOLVERS, APP_GUARD_PROVIDER] }: ModuleMetadata = {},
  platform: Platform = 'Express',
) =>
  startApp(platform, {
    imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' }), ...imports],
    providers,
  });

/** The codes of the errors, or the data. */
async function ask(app: RunningApp, query: string, headers = {}): Promise<unknown> {
  const { body } = await send(
    `${app.url}/graphql`,
    { 'Content-Type': 'application/json', ...headers },
    { method: 'POST', body: JSON.stringify({ query }) },
  );
  const { data, errors } = body as {
    data: unknown;
    errors?: { extensions?: { originalError?: { code: string } } }[];
  };
  return errors?.map(({ extensions }) => extensions?.originalError?.code) ?? data;
}

const LISTED = {
  'QUERY notes': 'required',
  'QUERY open': 'public',
  'QUERY feed': 'optional',
  'MUTATION addNote': 'required',
  'SUBSCRIPTION noteAdded': 'required',
  'QUERY media': 'required',
};

describe('resolvers under APP_GUARD', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('are listed by what they are called, with who is let in', () => {
    expect(accessOf(app.app)).toEqual({
      ...LISTED,
      'FIELD Note.author': 'parent',
      'FIELD Note.mine': 'parent',
    });
    expect(routesOf(app.app).get('QUERY open')).toEqual({
      kind: 'resolver',
      route: 'QUERY open',
      handler: 'NotesResolver.openNotes',
      access: 'public',
      demands: {},
      otherGuards: [],
      problems: [],
      notes: [],
    });
    expect(routesOf(app.app).get('QUERY feed')?.otherGuards).toEqual(['RolesGuard']);
    expect(routesOf(app.app).get('MUTATION addNote')?.demands).toEqual({ mfa: true });
  });

  it('are what GraphQL really does', async () => {
    const CLOSED = ['credentials_missing'];
    expect(await ask(app, '{ notes { id } }')).toEqual(CLOSED);
    expect(await ask(app, '{ media { __typename } }')).toEqual(CLOSED);
    expect(await ask(app, 'mutation { addNote { id } }', bearer(token))).toEqual([
      'step_up_required',
    ]);
    expect(await ask(app, '{ notes { id } }', bearer(token))).toEqual({ notes: [{ id: '1' }] });
    // Who got the object gets its fields; a parameter of ours asks by itself.
    expect(await ask(app, '{ open { author } }')).toEqual({ open: [{ author: 'author of 1' }] });
    expect(await ask(app, '{ open { mine } }')).toEqual(CLOSED);
  });

  it('are no reason for a warning, fields included', () => {
    expect(describeRoutes(app.app).flatMap(({ problems }) => problems)).toEqual([]);
    expect(app.log.messages('warn')).toEqual([]);
  });

  it('are open or closed for expectNoOpenRoutes() by what they let in', () => {
    const names = (except: readonly string[]) => () => expectNoOpenRoutes(app.app, { except });

    expect(names(['QUERY open', 'NotesResolver.feed'])).not.toThrow();
    expect(names([])).toThrow(
      /QUERY open \(NotesResolver\.openNotes\): @Public\(\).*\n.*QUERY feed \(NotesResolver\.feed\)/,
    );
    expect(names(['QUERY open', 'QUERY feed', 'FIELD Note.author'])).toThrow(
      'FIELD Note.author: it is not open',
    );
  });
});

describe('field resolvers', () => {
  it("are closed by the guard with fieldResolverEnhancers: ['guards'], also from forRootAsync()", async () => {
    await using app = await start({
      imports: [apollo({ fieldResolverEnhancers: ['guards'] }, { isAsync: true })],
    });

    expect(accessOf(app.app)).toEqual({
      ...LISTED,
      'FIELD Note.author': 'required',
      'FIELD Note.mine': 'required',
    });
    expect(await ask(app, '{ open { author } }')).toEqual(['credentials_missing']);
    expect(await ask(app, '{ open { author } }', bearer(token))).toMatchObject({ open: [{}] });
  });

  it('are not with enhancers of another kind', async () => {
    await using app = await start({
      imports: [apollo({ fieldResolverEnhancers: ['interceptors', 'filters'] })],
    });

    expect(accessOf(app.app)).toMatchObject({ 'FIELD Note.author': 'parent' });
  });

  it('that are marked optional have a problem: nothing checks an invalid token', async () => {
    @Resolver('Note')
    class OptionalFields extends NotesResolver {
      @OptionalAuth()
      @UseGuards(RolesGuard)
      @ResolveField()
      secret(): string {
        return 'secret';
      }
    }
    await using app = await start({ providers: [OptionalFields, APP_GUARD_PROVIDER] });

    expect(routesOf(app.app).get('FIELD Note.secret')).toMatchObject({
      access: 'parent',
      otherGuards: [],
      problems: [
        expect.stringMatching(/^RolesGuard is bound here and does not run: for field resolvers/),
        expect.stringMatching(/^@OptionalAuth\(\) has no effect here: .*fieldResolverEnhancers/),
      ],
    });
  });
});

describe('which resolvers are listed', () => {
  it('without any guard: root fields are open, fields are not counted', async () => {
    await using app = await start({ providers: [NotesResolver] });

    expect(accessOf(app.app)).toMatchObject({
      'QUERY notes': 'unguarded',
      'MUTATION addNote': 'required',
      'FIELD Note.author': 'parent',
    });
    expect(app.log.messages('warn')).toEqual([
      expect.stringMatching(/^No HankoAuthGuard runs for 3 of 5 handlers: NotesResolver\.notes, /),
      expect.stringMatching(/^NotesResolver\.feed: @OptionalAuth\(\) binds no guard/),
    ]);
  });

  it('those of modules that `include` names, and of what they import', async () => {
    @Resolver('Note')
    class OtherResolver {
      @Query()
      other(): unknown {
        return [];
      }
    }
    @Module({ providers: [NotesResolver] })
    class Inner {}
    @Module({ imports: [Inner] })
    class Included {}
    @Module({ providers: [OtherResolver] })
    class NotIncluded {}
    await using app = await start({
      imports: [Included, NotIncluded, apollo({ include: [Included] })],
      providers: [APP_GUARD_PROVIDER],
    });

    expect(Object.keys(accessOf(app.app))).toEqual(
      expect.arrayContaining(['QUERY notes', 'FIELD Note.author']),
    );
    expect(accessOf(app.app)).not.toHaveProperty('QUERY other');
  });

  it('those that a factory made, and none twice for a second name', async () => {
    await using app = await start({
      providers: [
        { provide: 'A', useFactory: () => new NotesResolver() },
        MediaQueries,
        { provide: 'B', useExisting: MediaQueries },
        APP_GUARD_PROVIDER,
      ],
    });

    expect(describeRoutes(app.app).map(({ route }) => route)).toEqual(
      expect.arrayContaining(['QUERY notes', 'QUERY media']),
    );
    expect(describeRoutes(app.app).filter(({ route }) => route === 'QUERY media')).toHaveLength(1);
    expect(await ask(app, '{ notes { id } media { __typename } }')).toEqual([
      'credentials_missing',
      'credentials_missing',
    ]);
  });

  it('those of code-first classes, by the names of their types', async () => {
    @ObjectType('AuditedNote')
    class Note {}
    @Resolver(() => Note)
    class CodeFirstResolver {
      @Query(() => [Note], { name: 'allNotes' })
      find(): unknown {
        return [];
      }

      @Mutation(() => Note)
      add(): unknown {
        return {};
      }

      @ResolveField(() => String, { name: 'writer' })
      author(): string {
        return 'author';
      }
    }
    const testing = await Test.createTestingModule({
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      providers: [CodeFirstResolver],
    }).compile();

    expect(describeRoutes(testing.createNestApplication()).map(({ route }) => route)).toEqual([
      'QUERY allNotes',
      'MUTATION add',
      'FIELD AuditedNote.writer',
    ]);
    await testing.close();
  });

  it.each([
    { what: 'of a request', scope: Scope.REQUEST, guard: APP_GUARD_PROVIDER },
    {
      what: 'of the app, with a guard of the request',
      scope: Scope.DEFAULT,
      guard: { provide: APP_GUARD, useClass: HankoAuthGuard, scope: Scope.REQUEST },
    },
  ])('those $what', async ({ scope, guard }) => {
    @Injectable({ scope })
    @Resolver('Note')
    class ScopedResolver {
      @Query()
      notes(): unknown {
        return [{ id: '1' }];
      }
    }
    await using app = await start({ providers: [ScopedResolver, guard] });

    expect(accessOf(app.app)).toEqual({ 'QUERY notes': 'required' });
    expect(await ask(app, '{ notes { id } }')).toEqual(['credentials_missing']);
    expect(await ask(app, '{ notes { id } }', bearer(token))).toEqual({ notes: [{ id: '1' }] });
  });

  it('the same of Mercurius', async () => {
    await using app = await start(
      {
        imports: [
          GraphQLModule.forRoot<MercuriusDriverConfig>({
            driver: MercuriusDriver,
            typeDefs: SCHEMA,
            subscription: true,
          }),
        ],
      },
      'Fastify',
    );

    expect(accessOf(app.app)).toMatchObject({ ...LISTED, 'FIELD Note.author': 'parent' });
    expect(await ask(app, '{ notes { id } }')).toHaveLength(1);
    expect(await ask(app, '{ notes { id } }', bearer(token))).toEqual({ notes: [{ id: '1' }] });
  });
});

describe('the legacy protocol of subscriptions', () => {
  it.each([
    {
      what: 'subscriptions',
      options: { subscriptions: { 'subscriptions-transport-ws': true } } as Options,
    },
    { what: 'installSubscriptionHandlers', options: { installSubscriptionHandlers: true } },
  ])('is said to be closed on Nest 11, by $what', async ({ options }) => {
    const app = await start({ imports: [apollo(options)] });
    await app[Symbol.asyncDispose]();

    const closed =
      /^NotesResolver\.noteAdded: Clients cannot subscribe.*context_unsupported.*graphql-ws/;
    const warned = app.log.messages('warn', 'HankoRoutes').map((line) => closed.test(line));
    expect(warned).toEqual(IS_NEST_11 ? [true] : []);
  });

  it('is not missed where graphql-ws is in its place', async () => {
    const options = { installSubscriptionHandlers: true, subscriptions: { 'graphql-ws': true } };
    await using app = await start({ imports: [apollo(options)] });

    expect(app.log.messages('warn', 'HankoRoutes')).toEqual([]);
  });
});
