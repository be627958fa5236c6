import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloFederationDriver, type ApolloFederationDriverConfig } from '@nestjs/apollo';
import { Injectable, type ModuleMetadata, Scope, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { FakeHanko } from 'fake-hanko';
import { HankoAuthGuard, Public, RequireAuth } from 'nestjs-hanko';
import { expectNoOpenRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type RunningApp, send } from '../../support/app.js';
import { faultsOf, starter } from '../../support/lost-marks.js';
import { accessOf, routesOf } from '../../support/routes.js';

const SCHEMA = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { notes: [Note!] }
  type Note @key(fields: "id") { id: ID!  secret: String }
  union Media = Note
`;

/** Of a federated graph: gateways ask for entities by key. */
@Resolver('Note')
class NotesResolver {
  @Query()
  notes(): unknown {
    return [{ id: '1', secret: 'open' }];
  }

  @ResolveReference()
  resolveReference({ id }: { id: string }): unknown {
    return { __typename: 'Note', id };
  }
}

const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

const startHere = starter('Express', () => hanko.url);

const start = (
  providers: ModuleMetadata['providers'],
  options: Partial<ApolloFederationDriverConfig> = {},
): Promise<RunningApp> =>
  startHere([], {
    imports: [
      GraphQLModule.forRoot<ApolloFederationDriverConfig>({
        driver: ApolloFederationDriver,
        typeDefs: SCHEMA,
        playground: false,
        // It says so on the console.
        plugins: [ApolloServerPluginInlineTraceDisabled()],
        ...options,
      }),
    ],
    providers: providers ?? [],
  });

const WITH_GUARDS = { fieldResolverEnhancers: ['guards' as const] };

const NOTES = '{ notes { id } }';
const ENTITIES =
  '{ _entities(representations: [{ __typename: "Note", id: "7" }]) { ... on Note { id } } }';

async function ask(app: RunningApp, headers = {}, query = ENTITIES): Promise<unknown> {
  const { body } = await send(
    `${app.url}/graphql`,
    { 'Content-Type': 'application/json', ...headers },
    { method: 'POST', body: JSON.stringify({ query }) },
  );
  return body;
}

const ENTITY = { data: { _entities: [{ id: '7' }] } };
const REFUSED = {
  errors: [{ extensions: { originalError: { code: 'credentials_missing' } } }],
};

describe('a reference resolver under APP_GUARD', () => {
  it("is open to anyone, and a warning says so, without fieldResolverEnhancers: ['guards']", async () => {
    await using app = await start([NotesResolver, APP_GUARD_PROVIDER]);

    expect(await ask(app)).toEqual(ENTITY);
    expect(accessOf(app.app)).toEqual({ 'QUERY notes': 'required', 'REFERENCE Note': 'unguarded' });
    expect(app.log.messages('warn')).toEqual([
      expect.stringMatching(
        /^NotesResolver\.resolveReference: .*fieldResolverEnhancers: \['guards'\].*_entities/,
      ),
    ]);
    expect(() => expectNoOpenRoutes(app.app)).toThrow(
      /^1 route is open:\n {2}REFERENCE Note \(NotesResolver\.resolveReference\): no HankoAuthGuard runs\.\n.*fieldResolverEnhancers/,
    );
  });

  it('is closed with it', async () => {
    await using app = await start([NotesResolver, APP_GUARD_PROVIDER], WITH_GUARDS);

    expect(await ask(app)).toMatchObject(REFUSED);
    expect(await ask(app, bearer(token))).toEqual(ENTITY);
    expect(accessOf(app.app)).toEqual({ 'QUERY notes': 'required', 'REFERENCE Note': 'required' });
    expect(app.log.messages('warn')).toEqual([]);
    expect(() => expectNoOpenRoutes(app.app)).not.toThrow();
  });

  it('is no problem where it is marked @Public()', async () => {
    @Resolver('Note')
    class PublicNotes extends NotesResolver {
      @Public()
      @ResolveReference()
      override resolveReference(reference: { id: string }): unknown {
        return super.resolveReference(reference);
      }
    }
    await using app = await start([PublicNotes, APP_GUARD_PROVIDER]);

    expect(routesOf(app.app).get('REFERENCE Note')).toMatchObject({
      access: 'public',
      problems: [],
    });
    expect(await ask(app)).toEqual(ENTITY);
  });
});

describe('a mark that GraphQL would not run a guard for is a start-up error', () => {
  @Resolver('Note')
  class MarkedReference {
    @RequireAuth({ mfa: true })
    @ResolveReference()
    find(reference: object): unknown {
      return reference;
    }
  }
  @UseGuards(HankoAuthGuard)
  @Resolver('Note')
  class GuardedClass extends NotesResolver {}
  @Resolver('Note')
  class MarkedField {
    @RequireAuth()
    @ResolveField()
    secret(): string {
      return 'secret';
    }
  }
  @Resolver('Note')
  class GuardedField {
    @UseGuards(HankoAuthGuard)
    @ResolveField()
    secret(): string {
      return 'secret';
    }
  }
  @RequireAuth({ verifiedEmail: true })
  @Resolver('Note')
  class MarkedClass {
    @Query()
    notes(): unknown {
      return [];
    }

    @ResolveField()
    secret(): string {
      return 'secret';
    }
  }

  const REFERENCE = /HankoAuthGuard is bound here and does not run: for reference resolvers/;
  const FIELD = /HankoAuthGuard is bound here and does not run: for field resolvers/;
  const marked: readonly { type: Type; faults: readonly (readonly [string, RegExp])[] }[] = [
    { type: MarkedReference, faults: [['MarkedReference.find', REFERENCE]] },
    { type: GuardedClass, faults: [['GuardedClass.resolveReference', REFERENCE]] },
    { type: MarkedField, faults: [['MarkedField.secret', FIELD]] },
    { type: GuardedField, faults: [['GuardedField.secret', FIELD]] },
  ];

  it.each(marked.flatMap((row) => [false, true].map((isGlobal) => ({ ...row, isGlobal }))))(
    '$type.name, with APP_GUARD: $isGlobal',
    async ({ type, faults, isGlobal }) => {
      const found = await faultsOf(start([type, ...(isGlobal ? [APP_GUARD_PROVIDER] : [])]));

      expect(found).toEqual(
        faults.map(([path]) => expect.stringMatching(new RegExp(`^${path}: `)) as unknown),
      );
      for (const [index, [, text]] of faults.entries()) expect(found[index]).toMatch(text);
    },
  );

  it('and names the demands that nothing checks', async () => {
    expect(await faultsOf(start([MarkedReference]))).toEqual([
      expect.stringContaining('Its demands (mfa) are not checked either.'),
    ]);
  });

  it('unless the mark is of the class and the method a field: then there is a warning', async () => {
    await using app = await start([MarkedClass]);

    expect(accessOf(app.app)).toEqual({ 'QUERY notes': 'required', 'FIELD Note.secret': 'parent' });
    expect(app.log.messages('warn')).toEqual([expect.stringMatching(FIELD)]);
  });

  it("and none with fieldResolverEnhancers: ['guards']", async () => {
    await using app = await start(
      marked.map(({ type }) => type),
      WITH_GUARDS,
    );

    expect(new Set(Object.values(accessOf(app.app)))).toEqual(new Set(['required']));
  });

  it('on what only tells types apart, as on any method that nobody calls', async () => {
    @Resolver('Media')
    class MediaResolver {
      @Public()
      @ResolveField()
      __resolveType(): string {
        return 'Note';
      }
    }

    expect(await faultsOf(start([MediaResolver], WITH_GUARDS))).toEqual([
      expect.stringMatching(
        /^MediaResolver\.__resolveType: is marked @Public\(\) and is no handler/,
      ),
    ]);
  });
});

describe('a function that a constructor puts in place of a resolver', () => {
  class Replacing {
    notes(): unknown {
      return [{ id: '1' }];
    }

    constructor() {
      this.notes = () => [{ id: 'replaced' }];
    }
  }

  it('is not the one that GraphQL calls: marks and guard stay', async () => {
    @Resolver('Note')
    class StaticNotes extends Replacing {
      @RequireAuth()
      @Query()
      override notes(): unknown {
        return super.notes();
      }
    }
    await using app = await start([StaticNotes]);

    expect(accessOf(app.app)).toEqual({ 'QUERY notes': 'required' });
    expect(await ask(app, {}, NOTES)).toMatchObject(REFUSED);
    expect(await ask(app, bearer(token), NOTES)).toEqual({ data: { notes: [{ id: '1' }] } });
  });

  it('of a request has no guard, and is not called', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @Resolver('Note')
    class ScopedNotes extends Replacing {
      @RequireAuth()
      @Query()
      override notes(): unknown {
        return super.notes();
      }
    }
    await using app = await start([ScopedNotes]);

    for (const headers of [{}, bearer(token)]) {
      expect(await ask(app, headers, NOTES)).toMatchObject({ errors: [{}], data: { notes: null } });
    }
  });
});
