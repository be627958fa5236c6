import {
  All,
  applyDecorators,
  Controller,
  Get,
  type INestApplication,
  Module,
  type ModuleMetadata,
  Post,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { ApiExcludeEndpoint, ApiOperation, type SwaggerDocumentOptions } from '@nestjs/swagger';
import { HankoAuthGuard, HankoModule, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { FakeHanko } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, PLATFORMS, startApp } from '../support/e2e-app.js';
import { documentOf, type Operation, operationsOf } from '../support/e2e-openapi.js';

type Access = 'required' | 'optional' | 'public' | 'unguarded';

const MARKS = {
  required: [UseGuards(HankoAuthGuard), RequireAuth()],
  optional: [UseGuards(HankoAuthGuard), OptionalAuth()],
  public: [Public()],
  unguarded: [],
} as const;

/** Lets in whom it says, and says so in the document: as `description`, which we leave alone. */
const Is = (access: Access): MethodDecorator =>
  applyDecorators(...MARKS[access], ApiOperation({ description: access }));

@Controller(['notes', 'papers'])
class NotesController {
  @Is('required')
  @Get([':id', 'by-name/:name'])
  one(): string {
    return 'in';
  }

  @Is('public')
  @Get()
  list(): string {
    return 'in';
  }

  @Is('optional')
  @Post('/')
  add(): string {
    return 'in';
  }

  @Is('required')
  @All('any/:id')
  any(): string {
    return 'in';
  }

  @Is('public')
  @Get('any/:id/more')
  more(): string {
    return 'in';
  }

  @Is('public')
  @Get('files')
  files(): string {
    return 'in';
  }

  @Is('required')
  @Get('from/:from-:to')
  span(): string {
    return 'in';
  }

  @Is('unguarded')
  @Get('left/alone')
  alone(): string {
    return 'in';
  }

  @Is('required')
  @ApiExcludeEndpoint()
  @Get('hidden/from/all')
  hidden(): string {
    return 'in';
  }
}

@Controller('health')
class HealthController {
  @Is('public')
  @Get()
  health(): string {
    return 'in';
  }
}

@Controller('inner')
class InnerController {
  @Is('required')
  @Get(':id')
  one(): string {
    return 'in';
  }
}

@Module({ controllers: [InnerController] })
class InnerModule {}

@Controller({ path: 'versioned', version: ['1', '2'] })
class VersionedController {
  @Is('required')
  @Get()
  both(): string {
    return 'in';
  }

  @Version('3')
  @Is('public')
  @Get()
  third(): string {
    return 'in';
  }

  @Version(VERSION_NEUTRAL)
  @Is('optional')
  @Get('neutral')
  neutral(): string {
    return 'in';
  }
}

@Controller()
class ExpressController {
  @Is('public')
  @Get('notes/files/:name')
  oneFile(): string {
    return 'in';
  }

  @Is('optional')
  @Get('old/:name')
  oldOne(): string {
    return 'in';
  }

  @Is('required')
  @Get('notes/files/*path')
  file(): string {
    return 'in';
  }

  @Is('required')
  @Get('grouped{/*rest}')
  grouped(): string {
    return 'in';
  }

  @Is('required')
  @Get('optional{/:part}')
  optional(): string {
    return 'in';
  }

  @Is('public')
  @Get('old/*')
  old(): string {
    return 'in';
  }

  @Is('required')
  @Get('a\\:colon')
  colon(): string {
    return 'in';
  }
}

@Controller()
class FastifyController {
  @Is('public')
  @Get('notes/files/:name')
  oneFile(): string {
    return 'in';
  }

  @Is('required')
  @Get('notes/files/*')
  file(): string {
    return 'in';
  }

  @Is('required')
  @Get('digits/:id(^\\d+$)')
  digits(): string {
    return 'in';
  }

  @Is('public')
  @Get('star/*')
  star(): string {
    return 'in';
  }

  @Is('required')
  @Get('a::colon')
  colon(): string {
    return 'in';
  }
}

@UseGuards(HankoAuthGuard)
@Controller('same')
class ByHeaderController {
  @Version('1')
  @Get()
  first(): string {
    return 'in';
  }

  @Version('2')
  @Public()
  @Get()
  second(): string {
    return 'in';
  }

  @Version('1')
  @RequireAuth({ mfa: true })
  @Get('closed')
  third(): string {
    return 'in';
  }

  @Version('2')
  @RequireAuth({ verifiedEmail: true })
  @Get('closed')
  fourth(): string {
    return 'in';
  }
}

@Controller('either')
class EitherController {
  @Public()
  @All()
  all(): string {
    return 'in';
  }

  @UseGuards(HankoAuthGuard)
  @Get()
  get(): string {
    return 'in';
  }
}

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

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
  const hankoModule = HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });
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
