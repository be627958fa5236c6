import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAKE_HANKO } from '../../../../lib/schematics/nest-add/index.js';
import { toolsIn } from '../../../../lib/schematics/nest-add/tools.js';
import { addTo, appWith, type Files, template, TOOLS } from '../../../support/nest-app.js';

const TEMPLATES = [
  { name: 'nest-11-cjs-jest', suffix: '', config: '^4.0.0' },
  { name: 'nest-12-cjs-jest', suffix: '', config: '^12.0.0' },
  { name: 'nest-12-esm-vitest', suffix: '.js', config: '^12.0.0' },
] as const;

describe.each(TEMPLATES)('nest add in $name', ({ name, suffix, config }) => {
  it('writes what the README says, formatted, and leaves tests and configuration alone', async () => {
    // Templates are formatted by prettier with their own .prettierrc.
    const prettier = await import('prettier');
    const options = { singleQuote: true, trailingComma: 'all', parser: 'typescript' } as const;
    const { changed, todo, tasks } = await addTo(template(name));

    expect(todo).toBe('');
    expect(Object.keys(changed).toSorted()).toEqual([
      '.env',
      '.env.example',
      'package.json',
      'src/app.controller.ts',
      'src/app.module.ts',
    ]);
    expect(changed['src/app.module.ts']).toBe(`import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { AppController } from './app.controller${suffix}';
import { AppService } from './app.service${suffix}';

@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],
  controllers: [AppController],
  providers: [AppService, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}
`);
    expect(changed['src/app.controller.ts']).toBe(`import { Controller, Get } from '@nestjs/common';
import { Public } from 'nestjs-hanko';
import { AppService } from './app.service${suffix}';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Public()
  @Get()
  getHello(): string {
    return this.appService.getHello();
  }
}
`);
    for (const file of ['src/app.module.ts', 'src/app.controller.ts']) {
      expect(await prettier.check(changed[file] ?? '', options)).toBe(true);
    }
    expect(changed['.env'])
      .toBe(`# The API URL from the Hanko Console, or your own server's address.
HANKO_API_URL=http://localhost:8000
# The "aud" claim of the tokens: the host of your App URL.
HANKO_AUDIENCE=localhost
`);
    expect(changed['.env.example']).toBe(changed['.env']);
    const [before, after] = [template(name), changed].map(
      (files) => JSON.parse(files['package.json'] ?? '') as Record<string, object>,
    );
    expect(after).toEqual({
      ...before,
      dependencies: { ...before?.dependencies, '@nestjs/config': config },
    });
    expect(tasks).toEqual([
      { name: 'node-package', options: { command: 'install', quiet: true, hideOutput: true } },
    ]);
  });

  it('writes nothing when it runs again', async () => {
    const { files } = await addTo(template(name), { fake: true });
    const again = await addTo(files, { fake: true });
    expect(again.changed).toEqual({});
    expect(again.todo).toBe('');
    expect(again.tasks).toEqual([]);
    expect(again.said).toContain('nothing to write');
  });
});

const ESM = template('nest-12-esm-vitest');

/** With another package.json. */
const withManifest = (
  change: (manifest: Record<string, Record<string, string>>) => void,
): Files => {
  const manifest = JSON.parse(ESM['package.json'] ?? '') as Record<string, Record<string, string>>;
  change(manifest);
  return { ...ESM, 'package.json': JSON.stringify(manifest) };
};

describe('packages', () => {
  it.each([
    ['package-lock.json', 'npm'],
    ['yarn.lock', 'yarn'],
    ['pnpm-lock.yaml', 'pnpm'],
  ])('with %s are installed by %s', async (lock, packageManager) => {
    const { tasks } = await addTo({ ...ESM, [lock]: '' });
    expect(tasks).toMatchObject([{ options: { packageManager } }]);
  });

  it('are not installed with --skip-install, which says what is missing', async () => {
    const { tasks, todo } = await addTo(ESM, { skipInstall: true, fake: true });
    expect(tasks).toEqual([]);
    expect(todo).toContain('Install @nestjs/config and fake-hanko.');
  });

  it('stay as they are if they are there', async () => {
    const files = withManifest((manifest) => {
      manifest.dependencies = { ...manifest.dependencies, '@nestjs/config': '12.0.0' };
    });
    const { files: after, tasks } = await addTo(files);
    expect(after['package.json']).toBe(files['package.json']);
    expect(tasks).toEqual([]);
  });

  it('fit the Nest that is installed, whatever package.json asks for', async () => {
    const files = withManifest((manifest) => {
      manifest.dependencies = { ...manifest.dependencies, '@nestjs/core': 'catalog:' };
    });
    const { changed } = await addTo({
      ...files,
      'node_modules/@nestjs/core/package.json': '{ "version": "11.2.10" }',
    });
    expect(changed['package.json']).toContain('"@nestjs/config":"^4.0.0"'.replace(':', ': '));
  });
});

describe('--fake', () => {
  it('adds fake-hanko, and a script that starts it beside the app', async () => {
    const { changed, said } = await addTo(ESM, { fake: true });
    expect(JSON.parse(changed['package.json'] ?? '')).toMatchObject({
      devDependencies: { 'fake-hanko': FAKE_HANKO },
      scripts: {
        'start:fake':
          'fake-hanko --user ada@example.test:lovelace-1843 -- nest start --watch --preserveWatchOutput',
      },
    });
    expect(said).toContain('npm run start:fake starts the app beside a fake Hanko');
  });

  it('asks for the fake-hanko that is released with this package', () => {
    const file = new URL('../../../../fake-hanko/package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(FAKE_HANKO).toBe(`^${version}`);
  });

  it.each([
    [undefined, false],
    [false, false],
    ['false', false],
    [true, true],
    // nest add --fake nestjs-hanko
    ['nestjs-hanko', true],
  ])('as the Nest CLI hands it on, %j: %j', async (fake, isOn) => {
    const { files } = await addTo(ESM, fake === undefined ? {} : { fake });
    expect(files['package.json']?.includes('fake-hanko')).toBe(isOn);
  });

  it('keeps a script of that name', async () => {
    const files = withManifest((manifest) => {
      manifest.scripts = { 'start:fake': 'mine' };
    });
    const { changed } = await addTo(files, { fake: true });
    expect(JSON.parse(changed['package.json'] ?? '')).toMatchObject({
      scripts: { 'start:fake': 'mine' },
    });
  });
});

describe('an app that is closed already', () => {
  const MODULE = `import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
@Module({
  imports: [HankoModule.forRootAsync({ useFactory: () => ({}) })],
  providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AuthModule {}
`;

  it('by a feature module stays as it is', async () => {
    const { changed, todo } = await addTo({ ...ESM, 'src/auth.module.ts': MODULE });
    expect(changed).toEqual({});
    expect(todo).toBe('');
  });

  it('keeps GET / closed if somebody took the mark away', async () => {
    const { files } = await addTo(ESM);
    const closed = { ...files, 'src/app.controller.ts': ESM['src/app.controller.ts'] ?? '' };
    expect((await addTo(closed)).changed).toEqual({});
  });

  it('by guards on its routes is not closed further, and says so', async () => {
    const { changed, todo } = await addTo({
      ...ESM,
      'src/auth.module.ts': MODULE.replace(/ {2}providers.*\n/, ''),
      'src/cats.controller.ts': `import { HankoAuthGuard } from 'nestjs-hanko';\n@UseGuards(HankoAuthGuard) export class C {}`,
    });
    expect(changed).toEqual({});
    expect(todo).toContain('APP_GUARD does not bind it: routes without a guard are open');
  });

  it('but for the guard gets the guard', async () => {
    const { changed } = await addTo({
      ...ESM,
      'src/auth.module.ts': MODULE.replace(/ {2}providers.*\n/, '').replace('HankoAuthGuard, ', ''),
    });
    const module = changed['src/app.module.ts'];
    expect(module).toContain('useExisting: HankoAuthGuard');
    expect(module).not.toContain('HankoModule');
    expect(module).not.toContain('ConfigModule');
    expect(changed['src/app.controller.ts']).toContain('@Public()');
    expect(Object.keys(changed)).toHaveLength(2);
  });
});

describe('what is not an app that it can close', () => {
  it.each([
    [{ d: true }, ESM, 'Write --dry-run'],
    [{ project: 'api' }, ESM, 'nest-cli.json has no project api. It has none: omit --project.'],
    [{ apiUrl: 'hanko.example.com' }, ESM, "--api-url must be the URL of Hanko's public API"],
    [{ apiUrl: 'https://a:b@hanko.example.com' }, ESM, '--api-url must be the URL'],
    [{ apiUrl: 'https://<id>.hanko.io' }, ESM, '--api-url must be the URL'],
    [{ apiUrl: 'https://a.test\nHANKO_X=1' }, ESM, '--api-url must be one word'],
    [{ audience: 'a b' }, ESM, '--audience must be one word'],
    [{ audience: '$HOME' }, ESM, '--audience must be one word'],
    [
      {},
      withManifest((manifest) => (manifest.dependencies = { '@nestjs/core': '^10.4.0' })),
      'this app has Nest 10',
    ],
    [{}, {}, 'There is no package.json here'],
  ])('%j', async (options, files, message) => {
    await expect(addTo(files, options)).rejects.toThrow(message);
  });

  it('an app with TypeScript 7 and no other is told what to write', async () => {
    const { changed, todo } = await addTo(ESM, {}, { ...TOOLS, ts: undefined });
    expect(todo).toContain('src/main.ts was not changed, as TypeScript 7 has no parser');
    expect(todo).toContain('THE APP IS NOT CLOSED');
    expect(Object.keys(changed).toSorted()).toEqual(['.env', '.env.example']);
  });
});

it('formats what prettier had formatted', async () => {
  const long = (items: string): string => `import { Module } from '@nestjs/common';

@Module({
  imports: [AccountsModule, BillingModule, ${items}NotificationsModule, OrganisationsModule],
})
export class AppModule {}
`;
  // The configuration of this repository, whose lines have 100 characters.
  const tools = toolsIn(process.cwd());
  const formatted = await addTo(appWith(long('')), {}, tools);
  expect(formatted.files['src/app.module.ts']).toContain('  imports: [\n    AccountsModule,\n');
  const other = await addTo(appWith(long('  ')), {}, tools);
  expect(other.files['src/app.module.ts']).toContain('BillingModule,   NotificationsModule, Org');
});
