import { Scope, UseGuards } from '@nestjs/common';
import { ApolloFederationDriver } from '@nestjs/apollo';
import {
  Context,
  GqlExecutionContext,
  Parent,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { createParamDecorator, type ExecutionContext, Inject } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  type HankoUser,
  Public,
} from 'nestjs-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, type RunningApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { codesOf, overSocket, post, postBody, WAYS } from '../../support/graphql-client.js';
import { ran } from '../../support/graphql-notes.js';
import { hanko, token, userId, useGuardedHanko } from '../../support/guarded-app.js';

useGuardedHanko();
beforeEach(() => void ran.splice(0));

describe.each(DRIVERS)('$name, with guards on field resolvers', (driver) => {
  let app: RunningApp;
  let passkey: string;
  beforeAll(async () => {
    app = await startGraphqlApp(driver);
    passkey = await hanko.token({ user: userId, amr: ['passkey'] });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(Object.entries(WAYS))('asks for each field over %s what it demands', async (_, ask) => {
    const query = '{ openNotes { id owner secret } }';
    const nobody = await ask(app, query);
    expect(nobody.data).toEqual({
      openNotes: ['1', '2'].map((id) => ({ id, owner: null, secret: null })),
    });
    expect(codesOf(nobody)).toEqual(Array(4).fill('credentials_missing'));
    expect(ran).toEqual([]);

    const weak = await ask(app, query, { headers: bearer(token) });
    expect(weak.data).toEqual({
      openNotes: ['1', '2'].map((id) => ({ id, owner: `${id} of ${userId}`, secret: null })),
    });
    expect(codesOf(weak)).toEqual(Array(2).fill('step_up_required'));

    expect(await ask(app, query, { headers: bearer(passkey) })).toMatchObject({
      data: { openNotes: [{ secret: 'secret' }, { secret: 'secret' }] },
    });
  });
});

const FIELDS = `
  type Note { id: ID!, open: String, owner: String }
  type Query { notes: [Note!]!, note: Note, mine: String, scoped: String }
`;

const IdOfCaller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  GqlExecutionContext.create(context),
);

@Resolver('Note')
class PlainResolver {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  @Public()
  @Query()
  notes(): unknown {
    return [{ id: '1' }];
  }

  @UseGuards(HankoAuthGuard)
  @Query()
  note(): unknown {
    return { id: '1' };
  }

  /** Asks by itself, in a context that apps make of the one that they are given. */
  @Public()
  @Query()
  async mine(@IdOfCaller() context: ExecutionContext): Promise<string> {
    const user = await this.auth.authenticate(context, { optional: true });
    return user?.id ?? 'nobody';
  }

  @ResolveField()
  open(@Parent() note: { id: string }): string {
    return `open ${note.id}`;
  }

  @ResolveField()
  owner(@CurrentUser() user: HankoUser): string {
    ran.push('owner');
    return user.id;
  }
}

describe.each(DRIVERS)('$name, without guards on field resolvers', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, {
      resolver: PlainResolver,
      hasAppGuard: false,
      graphql: { typeDefs: FIELDS, fieldResolverEnhancers: [] },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(Object.entries(WAYS))('has the user in them, or a refusal, over %s', async (_, ask) => {
    const nobody = await ask(app, '{ notes { id open owner } }');
    expect(nobody.data).toEqual({ notes: [{ id: '1', open: 'open 1', owner: null }] });
    expect(codesOf(nobody)).toEqual(['credentials_missing']);
    expect(ran).toEqual([]);

    expect(
      await ask(app, '{ notes { owner } note { owner } }', { headers: bearer(token) }),
    ).toMatchObject({ data: { notes: [{ owner: userId }], note: { owner: userId } } });
    expect(codesOf(await ask(app, '{ note { open } }'))).toEqual(['credentials_missing']);
  });

  it.each(Object.entries(WAYS))('tells a resolver that asks, over %s', async (_, ask) => {
    expect(await ask(app, '{ mine }', { headers: bearer(token) })).toMatchObject({
      data: { mine: userId },
    });
    expect(await ask(app, '{ mine }')).toMatchObject({ data: { mine: 'nobody' } });
  });
});

@Resolver('Query')
class ScopedResolver {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  @Query()
  scoped(@CurrentUser('id') id: string): string {
    return this.auth instanceof HankoAuthService ? id : 'no service';
  }
}
Reflect.defineMetadata('scope:options', { scope: Scope.REQUEST }, ScopedResolver);

it.each(DRIVERS)('$name: guards resolvers that are made for each request', async (driver) => {
  await using app = await startGraphqlApp(driver, {
    resolver: ScopedResolver,
    graphql: { typeDefs: FIELDS },
  });

  for (const ask of Object.values(WAYS)) {
    expect(await ask(app, '{ scoped }', { headers: bearer(token) })).toMatchObject({
      data: { scoped: userId },
    });
    expect(codesOf(await ask(app, '{ scoped }'))).toEqual(['credentials_missing']);
  }
});

const FEDERATED = `
  type Note @key(fields: "id") { id: ID!, text: String }
  type Film { id: ID! }
  union Media = Note | Film
  type Query { media: Media }
`;

@Resolver('Note')
class NoteReferences {
  @ResolveReference()
  byId({ id }: { id: string }): unknown {
    ran.push('reference');
    return { id, text: `text of ${id}` };
  }
}

@Resolver('Media')
class MediaResolver {
  @Public()
  @Query()
  media(@Context() context: object): unknown {
    return { id: '1', isKnown: typeof context === 'object' };
  }

  @ResolveField()
  __resolveType(@CurrentUser() user: HankoUser): string {
    ran.push('type');
    return user.id === userId ? 'Film' : 'Note';
  }
}

describe.each(PLATFORMS)('a federated graph on %s', (platform) => {
  const start = (resolver: typeof NoteReferences | typeof MediaResolver, isGuarded: boolean) =>
    startGraphqlApp(
      { name: 'federation', platform, driver: ApolloFederationDriver as never, options: {} },
      {
        resolver,
        graphql: {
          typeDefs: FEDERATED,
          includeStacktraceInErrorResponses: false,
          fieldResolverEnhancers: isGuarded ? ['guards'] : [],
        },
      },
    );
  const ENTITIES =
    '{ _entities(representations: [{ __typename: "Note", id: "1" }]) { ... on Note { text } } }';
  const found = { _entities: [{ text: 'text of 1' }] };

  it('asks for a credential at its references where guards run there', async () => {
    await using app = await start(NoteReferences, true);

    const refused = await post(app, ENTITIES);
    expect(codesOf(refused)).toEqual(['credentials_missing']);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(ran).toEqual([]);
    expect(await post(app, ENTITIES, bearer(token))).toMatchObject({ data: found });
    expect(await post(app, '{ _service { sdl } }')).toMatchObject({
      data: { _service: { sdl: expect.any(String) as unknown } },
    });
  });

  it('leaves its references open where Nest runs no guards there', async () => {
    await using app = await start(NoteReferences, false);

    expect(await post(app, ENTITIES)).toMatchObject({ data: found });
  });

  it('knows the caller also where the type of a union is told', async () => {
    await using app = await start(MediaResolver, true);

    expect(codesOf(await post(app, '{ media { ... on Film { id } } }'))).toEqual([
      'credentials_missing',
    ]);
    expect(await post(app, '{ media { ... on Film { id } } }', bearer(token))).toMatchObject({
      data: { media: { id: '1' } },
    });
  });
});

describe.each(DRIVERS)('$name, with a global pipe that replaces everything', (driver) => {
  it('tells operators why, and callers nothing', async () => {
    await using app = await startGraphqlApp(driver, {
      providers: [{ provide: APP_PIPE, useValue: { transform: () => 'inner text' } }],
    });
    for (const ask of Object.values(WAYS)) {
      const { data, errors = [] } = await ask(app, '{ optional open }', { headers: bearer(token) });
      expect(data).toEqual({ optional: null, open: null });
      expect(errors.map(({ message, extensions }) => ({ message, extensions }))).toEqual([
        INTERNAL,
        INTERNAL,
      ]);
    }
    expect(app.log.messages('error', 'HankoAuth')[0]).toContain('was changed by a global pipe');
  });
});

/** All that callers learn of what is wrong in an app. */
const INTERNAL = {
  message: 'Internal server error',
  extensions: {
    code: 'INTERNAL_SERVER_ERROR',
    status: 500,
    originalError: { statusCode: 500, message: 'Internal server error' },
  },
};

describe.each(DRIVERS)('$name, set up wrongly', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    const extractor = { name: 'mine', extract: () => 'inner text' as never };
    app = await startGraphqlApp(driver, { hanko: { extractors: [extractor] } });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('tells operators why, and callers nothing', async () => {
    const results = [
      await post(app, '{ whoAmI optional open }'),
      await overSocket(app, '{ whoAmI optional open }'),
      await overSocket(app, 'subscription { ticks }'),
    ];
    for (const { errors = [] } of results) {
      expect(errors.length).toBeGreaterThan(0);
      for (const { message, extensions } of errors) {
        expect({ message, extensions }).toEqual(INTERNAL);
      }
    }
    expect(ran).toEqual([]);
    expect(app.log.messages('error', 'HankoAuth')).toEqual([
      expect.stringMatching(/extractors, "mine": returned a string/),
    ]);
  });
});

const yoga = DRIVERS.filter(({ name }) => name.startsWith('Yoga'));

it.each(yoga)('$name: guards subscriptions over server-sent events', async (driver) => {
  await using app = await startGraphqlApp(driver);
  const accept = { Accept: 'text/event-stream' };
  const query = `?query=${encodeURIComponent('subscription { ticks }')}`;
  const evil = { Origin: 'https://evil.example' };

  for (const [headers, expected] of [
    [bearer(token), `"ticks":"${userId}"`],
    [cookie(token), `"ticks":"${userId}"`],
    [{}, 'credentials_missing'],
    [bearer('garbage'), 'token_malformed'],
    [{ ...cookie(token), ...evil }, 'cross_site_request'],
  ] as const) {
    expect((await app.get(`/graphql${query}`, { ...accept, ...headers })).text).toContain(expected);
    const posted = await postBody(
      app,
      { query: 'subscription { ticks }' },
      { ...accept, ...headers },
    );
    expect(posted.text).toContain(expected);
  }
});
