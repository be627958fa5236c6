import { describe, expect, it } from 'vitest';
import { addTo, type Files, type RawFiles, template } from '../../../support/nest-app.js';

const ESM = template('nest-12-esm-vitest');
const MODULE = (name: string): string =>
  `import { Module } from '@nestjs/common';\n@Module({})\nexport class ${name} {}\n`;
const MAIN = (create: string, from = './app.module.js'): string =>
  `import { NestFactory } from '@nestjs/core';
import { AppModule } from '${from}';
const app = await NestFactory.${create};
await app.listen(3000);
`;

/** The only file below `src` that was closed. */
async function closed(files: RawFiles): Promise<string | undefined> {
  const { changed } = await addTo(files);
  return Object.keys(changed).find((path) => changed[path]?.includes('HankoModule.forRoot()'));
}

describe('the root module', () => {
  it.each<[what: string, main: string, files: Files, found: string]>([
    [
      'with a type',
      MAIN('create<NestFastifyApplication>(AppModule, new A())'),
      {},
      'src/app.module.ts',
    ],
    ['made by a method of its own', MAIN('create(AppModule.forRoot({}))'), {}, 'src/app.module.ts'],
    ['of a microservice', MAIN('createMicroservice(AppModule, {})'), {}, 'src/app.module.ts'],
    ['started elsewhere', "import { start } from './start.js';\nstart();", {}, 'src/app.module.ts'],
    [
      'with another name',
      MAIN('create(ShopModule)').replace('AppModule }', 'ShopModule }'),
      { 'src/shop/shop.module.ts': MODULE('ShopModule') },
      'src/shop/shop.module.ts',
    ],
    [
      'behind a barrel',
      MAIN('create(ShopModule)', './shop/index.js').replace('AppModule }', 'ShopModule }'),
      {
        'src/shop/index.ts': "export * from './shop.module.js';",
        'src/shop/shop.module.ts': MODULE('ShopModule'),
      },
      'src/shop/shop.module.ts',
    ],
    [
      'one of two of that name',
      MAIN('create(AppModule)', './main/app.module.js'),
      { 'src/main/app.module.ts': MODULE('AppModule') },
      'src/main/app.module.ts',
    ],
    [
      'not the one of a test',
      MAIN('create(AppModule)'),
      { 'src/app.module.spec.ts': MODULE('AppModule') },
      'src/app.module.ts',
    ],
  ])('%s', async (_what, main, files, found) => {
    expect(await closed({ ...ESM, 'src/main.ts': main, ...files })).toBe(found);
  });

  it('is found beside files that are not UTF-8, and paths that are no part of a URL', async () => {
    const files = {
      ...ESM,
      'src/latin1.ts': Buffer.from([0x2f, 0x2f, 0xfc]),
      'src/main.ts': MAIN('create(AppModule)', './100%/app.module.js'),
      'src/100%/app.module.ts': MODULE('AppModule'),
    };
    expect(await closed(files)).toBe('src/100%/app.module.ts');
  });

  it('that cannot be told from another of its name is left alone', async () => {
    const { todo } = await addTo({
      ...ESM,
      'src/main.ts': MAIN('create(AppModule)', '@app/core'),
      'src/other.module.ts': MODULE('AppModule'),
    });
    expect(todo).toContain('src/main.ts was not changed, as several classes are called AppModule');
  });
});

describe('a monorepo', () => {
  const controller = (ESM['src/app.controller.ts'] ?? '')
    .replaceAll('App', 'Shop')
    .replaceAll('app', 'shop');
  const REPO: Files = {
    'package.json': ESM['package.json'] ?? '',
    'nest-cli.json': `{
  // the default
  "sourceRoot": "apps/api/src",
  "monorepo": true,
  "projects": {
    "api": { "type": "application", "sourceRoot": "apps/api/src", "entryFile": "main" },
    "shop": { "type": "application", "sourceRoot": "apps/shop/src", "entryFile": "start" },
    "auth": { "type": "library", "sourceRoot": "libs/auth/src" },
  },
}`,
    'apps/api/src/main.ts': MAIN('create(AppModule)', './api.module').replaceAll(
      'AppModule',
      'ApiModule',
    ),
    'apps/api/src/api.module.ts': MODULE('ApiModule'),
    'apps/shop/src/start.ts': MAIN('create(AppModule)', './shop.module').replaceAll(
      'AppModule',
      'ShopModule',
    ),
    'apps/shop/src/shop.module.ts': `import { ShopController } from './shop.controller';\n${MODULE('ShopModule').replace('{}', '{ controllers: [ShopController] }')}`,
    'apps/shop/src/shop.controller.ts': controller,
    'libs/auth/src/auth.module.ts': MODULE('AuthModule'),
  };

  it('is closed in the project that is named, and opens the route of its template', async () => {
    const { changed, todo } = await addTo(REPO, {
      sourceRoot: 'apps/shop/src',
      project: 'shop',
      fake: true,
    });
    expect(todo).toBe('');
    expect(Object.keys(changed).toSorted()).toEqual([
      '.env',
      '.env.example',
      'apps/shop/src/shop.controller.ts',
      'apps/shop/src/shop.module.ts',
      'package.json',
    ]);
    expect(changed['package.json']).toContain('"start:fake:shop"');
    expect(changed['package.json']).toContain('-- nest start shop --watch --preserveWatchOutput"');
  });

  it('is closed in the project that was chosen when the CLI asked, and only that is started', async () => {
    const { changed } = await addTo(REPO, { sourceRoot: 'apps/shop/src', fake: true });
    expect(changed).toHaveProperty(['apps/shop/src/shop.module.ts']);
    expect(changed['package.json']).toContain('"start:fake:shop"');
  });

  it('is closed in the default project', async () => {
    const { changed } = await addTo(REPO, { sourceRoot: 'apps/api/src', fake: true });
    expect(changed['package.json']).toContain('"start:fake": "fake-hanko --user');
    expect(changed['package.json']).toContain('-- nest start --watch');
    expect(changed).toHaveProperty(['apps/api/src/api.module.ts']);
    expect(changed).not.toHaveProperty(['apps/shop/src/shop.module.ts']);
  });

  it('refuses a name that is unknown, for which the CLI takes the default project, and libraries', async () => {
    await expect(addTo(REPO, { sourceRoot: 'apps/api/src', p: 'shp' })).rejects.toThrow(
      'nest-cli.json has no project shp. It has: api, shop, auth.',
    );
    await expect(addTo(REPO, { sourceRoot: 'libs/auth/src', project: 'auth' })).rejects.toThrow(
      'libs/auth/src is a library',
    );
  });

  it('whose library sets up Hanko gets no second module', async () => {
    const library = `import { HankoModule } from 'nestjs-hanko';\n${MODULE('AuthModule').replace('{}', '{ imports: [HankoModule.forRoot()] }')}`;
    const { changed } = await addTo(
      { ...REPO, 'libs/auth/src/auth.module.ts': library },
      { sourceRoot: 'apps/api/src' },
    );
    expect(changed['apps/api/src/api.module.ts']).toContain('useExisting: HankoAuthGuard');
    expect(changed['apps/api/src/api.module.ts']).not.toContain('HankoModule');
  });
});

describe("the template's GET /", () => {
  const CONTROLLER = ESM['src/app.controller.ts'] ?? '';

  it.each<[what: string, change: (text: string) => string]>([
    [
      'does something else',
      (text) => text.replace('this.appService.getHello()', 'this.users.all()'),
    ],
    ['does something before', (text) => text.replace('return', 'this.log();\n    return')],
    ['has a guard', (text) => text.replace('@Get()', '@UseGuards(A)\n  @Get()')],
    ['has a path', (text) => text.replace('@Get()', "@Get('secrets')")],
    ['has a controller with a path', (text) => text.replace('@Controller()', "@Controller('me')")],
    [
      'has a controller with a guard',
      (text) => text.replace('@Controller()', '@UseGuards(A)\n@Controller()'),
    ],
    [
      'takes parameters',
      (text) => text.replace('getHello(): string', 'getHello(@Query() q: object): string'),
    ],
    ['is gone', (text) => text.replace('@Get()', '')],
    ['has a Public of its own', (text) => `import { Public } from './public.js';\n${text}`],
  ])('stays closed if it %s', async (_what, change) => {
    const { changed, todo } = await addTo({ ...ESM, 'src/app.controller.ts': change(CONTROLLER) });
    expect(changed).toHaveProperty(['src/app.module.ts']);
    expect(changed).not.toHaveProperty(['src/app.controller.ts']);
    expect(todo).toContain('No route is open now. Write @Public() on those that need no user');
  });
});

describe('what APP_GUARD does not reach is named', () => {
  it.each([
    [
      '@WebSocketGateway() export class Chat {}',
      'main.ts calls hankoSockets()',
      'hankoSockets(app)',
    ],
    [
      'app.connectMicroservice({});',
      'only with { inheritAppConfig: true }',
      '{ inheritAppConfig: true }',
    ],
    ['ServeStaticModule.forRoot({})', 'close them with hankoMiddleware()', 'hankoMiddleware()'],
    ['app.useStaticAssets(folder)', 'close them with hankoMiddleware()', 'hankoMiddleware()'],
    ['app.useGlobalGuards(new A())', 'calls useGlobalGuards()', undefined],
  ])('%s', async (code, advice, unless) => {
    const { todo } = await addTo({ ...ESM, 'src/more.ts': code });
    expect(todo).toContain(`src/more.ts `);
    expect(todo).toContain(advice);
    if (unless === undefined) return;
    const done = await addTo({ ...ESM, 'src/more.ts': code, 'src/set-up.ts': unless });
    expect(done.todo).toBe('');
  });
});
