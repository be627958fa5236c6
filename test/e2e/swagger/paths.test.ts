import { type INestApplication, type ModuleMetadata, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { SwaggerDocumentOptions } from '@nestjs/swagger';
import { HankoModule } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { type Platform, PLATFORMS, startApp } from '../../support/app.js';
import { documentOf, type Operation, operationsOf } from '../../support/openapi.js';
import {
  type Access,
  ByHeaderController,
  EitherController,
  ExpressController,
  FastifyController,
  HealthController,
  InnerModule,
  NotesController,
  VersionedController,
} from '../../support/openapi-paths.js';

interface Setting {
  readonly controllers: NonNullable<ModuleMetadata['controllers']>;
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly configure?: (app: INestApplication) => unknown;
  readonly options?: SwaggerDocumentOptions;
}

async function operations(
  platform: Platform,
  { controllers, imports = [], configure = () => undefined, options }: Setting,
): Promise<Readonly<Record<string, Operation>>> {
  const hankoModule = HankoModule.forRoot({ apiUrl: 'http://127.0.0.1:1', audience: 'localhost' });
  await using app = await startApp(
    platform,
    { imports: [hankoModule, ...imports], controllers },
    { configure },
  );
  return operationsOf(documentOf(app.app, options));
}

/** What the document says, in the words of its descriptions. */
function accessOf({ security, responses }: Operation): Access {
  const is401 = '401' in responses;
  if (security === undefined) return is401 ? 'required' : 'unguarded';
  if (security.length === 0) return 'public';
  return security.some((one) => Object.keys(one).length === 0) ? 'optional' : 'required';
}

const told = (found: Readonly<Record<string, Operation>>) =>
  Object.entries(found).map(([route, operation]) => `${route} ${accessOf(operation)}`);

const meant = (found: Readonly<Record<string, Operation>>) =>
  Object.entries(found).map(([route, { description }]) => `${route} ${description}`);

describe.each(PLATFORMS)('operations are found on %s', (platform) => {
  const own = platform === 'Express' ? ExpressController : FastifyController;

  const settings: readonly (readonly [string, Setting, string])[] = [
    [
      'by paths with parameters, lists and wildcards',
      { controllers: [NotesController, own] },
      'GET /papers/by-name/{name}',
    ],
    [
      'below a global prefix, and beside it where one is left out',
      {
        controllers: [NotesController, HealthController, own],
        configure: (app) => app.setGlobalPrefix('api', { exclude: ['health', 'notes'] }),
      },
      'GET /health',
    ],
    [
      'where the document leaves the prefix out',
      {
        controllers: [NotesController, HealthController],
        configure: (app) => app.setGlobalPrefix('/api/:tenant/', { exclude: ['health'] }),
        options: { ignoreGlobalPrefix: true },
      },
      'GET /notes',
    ],
    [
      'below the path of a module',
      {
        controllers: [],
        imports: [
          InnerModule,
          RouterModule.register([
            { path: 'outer/:tenant', children: [{ path: 'middle', module: InnerModule }] },
          ]),
        ],
        configure: (app) => app.setGlobalPrefix('api'),
      },
      'GET /api/outer/{tenant}/middle/inner/{id}',
    ],
    [
      'by version, where the path says it',
      {
        controllers: [VersionedController, HealthController],
        configure: (app) => {
          app.setGlobalPrefix('api');
          app.enableVersioning({
            type: VersioningType.URI,
            defaultVersion: '7',
            prefix: 'version',
          });
        },
      },
      'GET /api/version2/versioned',
    ],
    [
      'whatever their ids are',
      {
        controllers: [NotesController],
        options: { operationIdFactory: (_controller, method) => method.toUpperCase() },
      },
      'GET /notes/{id}',
    ],
    [
      'in a document of some modules',
      {
        controllers: [NotesController],
        imports: [InnerModule],
        options: { include: [InnerModule] },
      },
      'GET /inner/{id}',
    ],
  ];

  it.each(settings)('%s', async (_name, setting, example) => {
    const found = await operations(platform, setting);
    expect(Object.keys(found)).toContain(example);
    expect(told(found)).toEqual(meant(found));
  });

  it('by all versions that one operation stands for, where a header tells them apart', async () => {
    const { 'GET /same': either, 'GET /same/closed': closed } = await operations(platform, {
      controllers: [ByHeaderController],
      configure: (app) =>
        app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    });
    expect(either?.security).toEqual([{ hankoBearer: [] }, { hankoCookie: [] }, {}]);
    expect(Object.keys(either?.responses ?? {})).toEqual(['200', '401', '503']);
    expect(closed?.security).toEqual([{ hankoBearer: [] }, { hankoCookie: [] }]);
    expect(Object.keys(closed?.responses ?? {})).toEqual(['200', '401', '403', '503']);
  });
});

// Fastify does not start with two handlers of one path.
it('where @All() and another handler serve one path, a document says what holds for both', async () => {
  const { 'GET /either': get, 'PUT /either': put } = await operations('Express', {
    controllers: [EitherController],
  });
  expect(get && accessOf(get)).toBe('optional');
  expect(put && accessOf(put)).toBe('public');
});
