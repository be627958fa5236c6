import { describe, expect, test } from 'vitest';
import { type AppSource, readAppSource } from '../../../lib/doctor/app-source.js';
import { AppFolder, type Files } from '../../support/doctor.js';

function sourceOf(files: Files): AppSource {
  using app = new AppFolder(files);
  return readAppSource(app.path);
}

describe("an app's source", () => {
  test('shows where the module is set up, and what is written there', () => {
    const source = sourceOf({
      'src/app.module.ts': `import { HankoModule } from 'nestjs-hanko';
/* HankoModule.forRoot({ apiUrl: 'https://a.example' }) */
// HankoModule.forRoot()
@Module({ imports: [
  HankoModule.forRootAsync({
    useFactory: (c) => ({ apiUrl: c.get('hanko.url'), audience: c.get('HANKO_AUDIENCE'), extractors: [f(')')] }),
  }),
  HankoAdminModule.forRoot({ apiUrl: 1 }),
] })`,
    });
    expect(source).toMatchObject({ files: 1, hasGuard: false, hasConfigModule: false });
    expect(source.moduleCalls).toEqual([
      { file: 'src/app.module.ts', line: 5, options: ['apiUrl', 'extractors'] },
    ]);
  });

  test.each<[what: string, line: string, found: Partial<AppSource>]>([
    ['a guard', '{ provide: APP_GUARD, useExisting: HankoAuthGuard }', { hasGuard: true }],
    ['a guard in a comment', '// HankoAuthGuard', { hasGuard: false }],
    ['ConfigModule', 'ConfigModule.forRoot({ isGlobal: true })', { hasConfigModule: true }],
    ['dotenv', "import 'dotenv/config';", { hasConfigModule: true }],
    ['loadEnvFile', 'process.loadEnvFile()', { hasConfigModule: true }],
    [
      'ConfigModule behind a glob',
      "a('src/**/x'), ConfigModule.forRoot() /* */",
      { hasConfigModule: true },
    ],
    [
      'no ConfigModule in a comment with quotes',
      "/* it's ConfigModule.forRoot() */",
      { hasConfigModule: false },
    ],
    [
      'other files',
      "ConfigModule.forRoot({ envFilePath: ['.env.local'] })",
      { hasOtherEnvFiles: true },
    ],
    ['no file', 'ConfigModule.forRoot({ ignoreEnvFile: true })', { hasOtherEnvFiles: true }],
    ['webhooks', 'HankoWebhooksModule.forRoot({})', { hasWebhooksModule: true }],
    [
      'a URL before the call on its line',
      "f('https://a.example'), ConfigModule.forRoot()",
      { hasConfigModule: true },
    ],
  ])('shows %s', (_what, line, found) => {
    expect(sourceOf({ 'src/main.ts': line })).toMatchObject(found);
  });

  test('is found in each app and library of a monorepo, and not in tests, builds and packages', () => {
    const module = 'HankoModule.forRoot()';
    const { moduleCalls } = sourceOf({
      'apps/api/src/app.module.ts': module,
      'libs/auth/src/auth.module.mts': module,
      'src/app.module.spec.ts': module,
      'src/types.d.ts': module,
      'src/node_modules/x/a.ts': module,
      'apps/api/dist/app.module.js': module,
      'apps/api/test/app.e2e.ts': module,
      'src/readme.md': module,
    });
    expect(moduleCalls.map(({ file }) => file)).toEqual([
      'apps/api/src/app.module.ts',
      'libs/auth/src/auth.module.mts',
    ]);
  });

  test('is not read where nobody wrote it, and quickly where it is odd', () => {
    const large = `${' '.repeat(600_000)}HankoModule.forRoot()`;
    expect(sourceOf({ 'src/a.ts': large }).moduleCalls).toEqual([]);
    for (const odd of [
      '/* ',
      "'\\",
      '`',
      '`\\',
      '"\n',
      '//',
      'HankoModule ',
      'HankoModule.forRoot(',
    ]) {
      const text = odd.repeat(Math.floor(200_000 / odd.length));
      expect(sourceOf({ 'src/a.ts': text })).toMatchObject({ files: 1 });
    }
  });

  test('may be missing, or cut off', () => {
    expect(sourceOf({})).toMatchObject({ files: 0, moduleCalls: [] });
    const cut = `HankoModule.forRoot({ ${'x: 1, '.repeat(1000)} audience: 1`;
    expect(sourceOf({ 'src/a.ts': cut }).moduleCalls).toHaveLength(1);
    expect(sourceOf({ 'src/a.ts': 'HankoModule.forRoot({ issuer' }).moduleCalls).toMatchObject([
      { options: ['issuer'] },
    ]);
  });
});
