import {
  All,
  Controller,
  Get,
  type INestApplication,
  Module,
  type ModuleMetadata,
  Post,
  RequestMethod,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { HankoAuthGuard, HankoModule, Public } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from '../../support/app.js';
import { promised, refusals } from '../../support/routes.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

@Controller({ path: ['cats', 'felines'] })
class CatsController {
  @Get()
  list(): string {
    return 'list';
  }

  @Public()
  @Version(['4', VERSION_NEUTRAL])
  @Get('/several')
  several(): string {
    return 'several';
  }

  @Version('3')
  @Get(':id/')
  one(): string {
    return 'one';
  }
}

@Controller({ path: 'dogs', version: '2' })
class DogsController {
  @Post()
  create(): string {
    return 'create';
  }

  @All('all')
  all(): string {
    return 'all';
  }
}

@Controller()
class HomeController {
  @Public()
  @Get()
  home(): string {
    return 'home';
  }
}

@Module({ controllers: [DogsController] })
class DogsModule {}

const METADATA: ModuleMetadata = {
  imports: [
    DogsModule,
    RouterModule.register([{ path: 'animals', children: [{ path: '/pets', module: DogsModule }] }]),
  ],
  controllers: [CatsController, HomeController],
};

describe.each(PLATFORMS)('routes on %s', (platform) => {
  const start = async (configure: (app: INestApplication) => unknown, metadata = METADATA) =>
    startApp(
      platform,
      {
        ...metadata,
        imports: [
          HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' }),
          ...(metadata.imports ?? []),
        ],
      },
      {
        configure: (nest) => {
          nest.useGlobalGuards(nest.get(HankoAuthGuard));
          configure(nest);
        },
      },
    );
  const routes = (app: INestApplication): string[] =>
    describeRoutes(app)
      .map(({ route }) => route)
      .toSorted();

  it('have the paths of controllers, modules and handlers, each of several', async () => {
    await using app = await start(() => undefined);

    expect(routes(app.app)).toEqual([
      'ALL /animals/pets/dogs/all',
      'GET /',
      'GET /cats',
      'GET /cats/:id',
      'GET /cats/several',
      'GET /felines',
      'GET /felines/:id',
      'GET /felines/several',
      'POST /animals/pets/dogs',
    ]);
    expect(await refusals(app)).toEqual(promised(app.app));
  });

  it('have versions and prefix in the path, and no prefix where it is left out', async () => {
    await using app = await start((nest) => {
      nest.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', VERSION_NEUTRAL] });
      nest.setGlobalPrefix('api', {
        exclude: ['/', { path: 'felines/*path', method: RequestMethod.GET }, 'animals/pets/dogs'],
      });
    });

    expect(routes(app.app)).toEqual([
      'ALL /api/v2/animals/pets/dogs/all',
      'GET /',
      'GET /api/cats',
      'GET /api/cats/several',
      'GET /api/felines',
      'GET /api/v1/cats',
      'GET /api/v1/felines',
      'GET /api/v3/cats/:id',
      'GET /api/v4/cats/several',
      'GET /felines/several',
      'GET /v1',
      'GET /v3/felines/:id',
      'GET /v4/felines/several',
      'POST /v2/animals/pets/dogs',
    ]);
    expect(await refusals(app)).toEqual(promised(app.app));
  });

  it('have the prefix of versions that the app chose', async () => {
    await using app = await start((nest) => {
      nest.enableVersioning({ type: VersioningType.URI, prefix: 'version-' });
    });

    expect(routes(app.app)).toContain('POST /version-2/animals/pets/dogs');
    expect(await refusals(app)).toEqual(promised(app.app));
  });

  it('have versions behind them that the path does not tell', async () => {
    await using app = await start((nest) => {
      nest.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
    });

    expect(routes(app.app)).toEqual([
      'ALL /animals/pets/dogs/all (version 2)',
      'GET /',
      'GET /cats',
      'GET /cats/:id (version 3)',
      'GET /cats/several',
      'GET /felines',
      'GET /felines/:id (version 3)',
      'GET /felines/several',
      'POST /animals/pets/dogs (version 2)',
    ]);
    expect(await refusals(app)).toEqual(promised(app.app));
  });

  it('have the host behind them that they are served on', async () => {
    @Controller({ path: 'hosted', host: 'admin.example.test' })
    class HostedController {
      @Get()
      get(): string {
        return 'hosted';
      }
    }
    await using app = await start(() => undefined, { controllers: [HostedController] });

    expect(routes(app.app)).toEqual(['GET /hosted (host admin.example.test)']);
    const answer = await app.get('/hosted', { Host: 'admin.example.test' });
    expect(answer.status).toBe(401);
  });

  it('can have a wildcard', async () => {
    @Controller('files')
    class FilesController {
      @Get(platform === 'Express' ? '*path' : '*')
      any(): string {
        return 'any';
      }
    }
    await using app = await start(() => undefined, { controllers: [FilesController] });

    expect(await refusals(app)).toEqual(promised(app.app));
  });
});
