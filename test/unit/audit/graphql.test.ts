import { Module, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Test, type TestingModule } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { callBy, graphsIn, resolverIn } from '../../../lib/audit/graphql.js';
import { hostsIn, methodsOf } from '../../../lib/discovery/app-classes.js';

/** What an app has that imports `GraphQLModule` with these options. */
function graph(options: unknown): Type {
  @Module({ providers: [{ provide: 'GqlModuleOptions', useValue: options }] })
  class GraphQLModule {}
  return GraphQLModule;
}

@Module({})
class Imported {}
@Module({ imports: [Imported] })
class Included {}
@Module({})
class Other {}

const FIELD = { part: 'field', route: 'FIELD Note.author' } as const;
const ROOT = { part: 'root', route: 'QUERY notes' } as const;

const moduleOf = (app: TestingModule, type: Type) => {
  const found = [...app.get(ModulesContainer).values()].find(({ metatype }) => metatype === type);
  if (found === undefined) throw new Error(`${type.name} is not there`);
  return found;
};

async function call(
  type: Type,
  resolver: typeof FIELD | typeof ROOT,
  ...options: readonly unknown[]
) {
  const imports = [Included, Other, ...options.map(graph)];
  const app = await Test.createTestingModule({ imports }).compile();
  return callBy(graphsIn(app.get(ModulesContainer)), resolver, moduleOf(app, type));
}

const enhanced = (fieldResolverEnhancers: unknown) => ({ fieldResolverEnhancers });
const GUARDS = enhanced(['guards']);

describe('guards of a field resolver', () => {
  it.each([
    { what: 'with the enhancer', options: [GUARDS], runs: true },
    { what: 'with it among others', options: [enhanced(['filters', 'guards'])], runs: true },
    { what: 'with others', options: [enhanced(['filters'])], runs: false },
    { what: 'with a text in place of a list', options: [enhanced('guard')], runs: false },
    { what: 'with options that are none', options: ['guards'], runs: false },
    { what: 'with two graphs that have it', options: [GUARDS, GUARDS], runs: true },
    { what: 'with two graphs of which one has not', options: [GUARDS, {}], runs: false },
    {
      what: 'where the graph without it serves others',
      options: [GUARDS, { include: [Included] }],
      runs: true,
    },
    { what: 'without a graph that is known', options: [], runs: false },
  ])('$what: $runs', async ({ options, runs }) => {
    expect(await call(Other, FIELD, ...options)).toMatchObject({ runsGuards: runs });
    expect(await call(Other, ROOT, ...options)).toMatchObject({ runsGuards: true });
  });
});

describe('the modules that a graph serves', () => {
  it.each([
    { type: Included, include: [Included], isServed: true },
    { type: Imported, include: [Included], isServed: true },
    { type: Other, include: [Included], isServed: false },
    { type: Included, include: [Imported], isServed: false },
    { type: Other, include: [], isServed: true },
    { type: Other, include: undefined, isServed: true },
  ])('$type.name, of $include: $isServed', async ({ type, include, isServed }) => {
    const found = await call(type, ROOT, { include });

    expect(found !== undefined).toBe(isServed);
  });
});

describe('resolvers', () => {
  @Resolver('Note')
  class NotesResolver {
    @Query()
    notes(): void {}

    @ResolveField('writer')
    author(): void {}

    @ResolveReference()
    find(): void {}

    @ResolveField()
    __resolveType(): void {}

    help(): void {}
  }

  /** Nest leaves such a class out: it does not say of which type its fields are. */
  @Resolver()
  class NamelessResolver {
    @ResolveField()
    author(): void {}
  }

  it('are what Nest takes for one', async () => {
    const app = await Test.createTestingModule({
      providers: [NotesResolver, NamelessResolver],
    }).compile();
    const found = hostsIn(app.get(ModulesContainer), 'providers')
      .flatMap(methodsOf)
      .map((method) => [method.name, resolverIn(method)] as const)
      .filter(([, resolver]) => resolver !== undefined);

    expect(Object.fromEntries(found)).toEqual({
      'NotesResolver.notes': { part: 'root', route: 'QUERY notes' },
      'NotesResolver.author': { part: 'field', route: 'FIELD Note.writer' },
      'NotesResolver.find': { part: 'reference', route: 'REFERENCE Note' },
      'NotesResolver.__resolveType': { part: 'type', route: 'FIELD Note.__resolveType' },
    });
  });
});
