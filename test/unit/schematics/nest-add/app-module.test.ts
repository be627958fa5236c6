import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { addTo, appWith, type Files } from '../../../support/nest-app.js';

const GUARD = '{ provide: APP_GUARD, useExisting: HankoAuthGuard }';

const HEAD = "import { Module } from '@nestjs/common';\n";
const CLASS = '\nexport class AppModule {}\n';
const NEW_HEAD = `${HEAD}import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
`;

async function moduleAfter(module: string, more: Files = {}): Promise<string> {
  const { files, todo } = await addTo(appWith(module, more));
  expect(todo).not.toContain('NOT CLOSED');
  const text = files['src/app.module.ts'] ?? '';
  // A compiler can read it.
  expect(ts.transpileModule(text, { reportDiagnostics: true }).diagnostics).toEqual([]);
  return text;
}

describe('an odd @Module()', () => {
  it.each([
    [
      '{}',
      `{\n  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],\n  providers: [${GUARD}],\n}`,
    ],
    [
      '{ controllers: [] }',
      `{ imports: [ConfigModule.forRoot(), HankoModule.forRoot()], controllers: [], providers: [${GUARD}] }`,
    ],
    [
      '{\n  controllers: [A], // all\n}',
      `{\n  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],\n  controllers: [A], // all\n  providers: [${GUARD}],\n}`,
    ],
    [
      '{\n  imports: [A, B],\n  providers: []\n}',
      `{\n  imports: [A, B, ConfigModule.forRoot(), HankoModule.forRoot()],\n  providers: [${GUARD}]\n}`,
    ],
    [
      '{\n  imports: [\n    A, // first\n    B.forRoot({\n      x: 1,\n    }), // last\n  ],\n  providers: [\n    C\n    // no more\n  ]\n}',
      `{\n  imports: [\n    A, // first\n    B.forRoot({\n      x: 1,\n    }), // last\n    ConfigModule.forRoot(),\n    HankoModule.forRoot(),\n  ],\n  providers: [\n    C,\n    ${GUARD}\n    // no more\n  ]\n}`,
    ],
    [
      '{\n  imports: [\n    // nothing yet\n  ],\n  providers: [/* none */],\n}',
      `{\n  imports: [\n    // nothing yet\n    ConfigModule.forRoot(),\n    HankoModule.forRoot(),\n  ],\n  providers: [/* none */\n    ${GUARD},\n  ],\n}`,
    ],
    [
      '{ imports: [...shared, A], providers: [...(isTest ? [] : [B])] }',
      `{ imports: [...shared, A, ConfigModule.forRoot(), HankoModule.forRoot()], providers: [...(isTest ? [] : [B]), ${GUARD}] }`,
    ],
    [
      '{ \'imports\': [A] as any, "providers": ([B] satisfies unknown[]), exports }',
      `{ 'imports': [A, ConfigModule.forRoot(), HankoModule.forRoot()] as any, "providers": ([B, ${GUARD}] satisfies unknown[]), exports }`,
    ],
    [
      '{\n\timports: [\n\t\tA\n\t],\n\tproviders: [\n\t\tB,\n\t],\n}',
      `{\n\timports: [\n\t\tA,\n\t\tConfigModule.forRoot(),\n\t\tHankoModule.forRoot()\n\t],\n\tproviders: [\n\t\tB,\n\t\t${GUARD},\n\t],\n}`,
    ],
    [
      '{\n  imports: [A,\n            B],\n  providers: [],\n}',
      `{\n  imports: [A,\n            B,\n            ConfigModule.forRoot(),\n            HankoModule.forRoot()],\n  providers: [${GUARD}],\n}`,
    ],
  ])('%j is understood', async (before, after) => {
    const text = await moduleAfter(`${HEAD}\n@Module(${before})${CLASS}`);
    expect(text).toBe(`${NEW_HEAD}\n@Module(${after})${CLASS}`);
  });

  it.each([
    [
      'IMPORTS in a constant',
      '@Module({ imports: IMPORTS })',
      'its imports are not written as a list',
    ],
    ['a shorthand', '@Module({ imports, providers: [] })', 'its imports are not written as a list'],
    ['a condition', '@Module({ imports: a ? [] : [B] })', 'its imports are not written as a list'],
    ['a call', '@Module({ imports: [A].concat(B) })', 'its imports are not written as a list'],
    [
      'providers from elsewhere',
      '@Module({ providers: all() })',
      'its providers are not written as a list',
    ],
    ['spread metadata', '@Module({ ...base, imports: [] })', 'names are not written out'],
    ['a computed name', "@Module({ ['imports']: [] })", 'names are not written out'],
    ['a name twice', '@Module({ imports: [], imports: [] })', 'names are not written out'],
    ['metadata in a constant', '@Module(metadata)', 'no object written into it'],
    ['metadata from a function', '@Module(metadata({}))', 'no object written into it'],
    ['no metadata', '@Module()', 'no object written into it'],
    ['a syntax error', '@Module({ imports: [ })', 'it has a syntax error'],
    [
      'a comment that would swallow it',
      '@Module({\n  imports: [\n    A /*\n    */\n  ],\n})',
      'unusual way',
    ],
    ['no decorator', '', 'no class AppModule with @Module() was found'],
    [
      'a decorator of another package',
      '@Other({ imports: [] })',
      'no class AppModule with @Module()',
    ],
  ])('with %s is left as it is, with what to write by hand', async (_name, decorator, reason) => {
    const { changed, todo, tasks } = await addTo(appWith(`${HEAD}${decorator}${CLASS}`));
    expect(todo).toContain(reason);
    expect(todo).toContain('THE APP IS NOT CLOSED');
    expect(todo).toContain(`providers: [${GUARD}]`);
    // Neither is a route opened, nor a package installed that nothing imports.
    expect(Object.keys(changed).toSorted()).toEqual(['.env', '.env.example']);
    expect(tasks).toEqual([]);
  });
});

describe('the file of the module', () => {
  it.each([
    ['Windows line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['double quotes', (text: string) => text.replaceAll("'", '"')],
    ['no semicolons', (text: string) => text.replaceAll(';', '')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['a license and no line end', (text: string) => `/* MIT */\n\n${text}`.trimEnd()],
  ])('keeps %s', async (_name, inStyle) => {
    const module = (head: string, imports: string, providers: string): string =>
      `${head}import { A } from './a';\n\n@Module({ imports: [${imports}], providers: [${providers}] })${CLASS}`;
    const text = await moduleAfter(inStyle(module(HEAD, '', 'A')));
    const after = module(NEW_HEAD, 'ConfigModule.forRoot(), HankoModule.forRoot()', `A, ${GUARD}`);
    expect(text.replace('\uFEFF', '')).toBe(inStyle(after).replace('\uFEFF', ''));
  });

  it('imports each name once, in order, and knows other names of those that it has', async () => {
    const text = await moduleAfter(`import {
  Global,
  Module as NestModule,
} from '@nestjs/common';
import { APP_FILTER, Reflector } from '@nestjs/core';
import type { HankoUser } from 'nestjs-hanko';
import Joi from 'joi';
import { AppService } from '@/app.service';

@Global()
@NestModule({ imports: [], providers: [AppService] })
export default class AppModule {}
`);
    expect(text).toBe(`import {
  Global,
  Module as NestModule,
} from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import type { HankoUser } from 'nestjs-hanko';
import Joi from 'joi';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { AppService } from '@/app.service';

@Global()
@NestModule({ imports: [ConfigModule.forRoot(), HankoModule.forRoot()], providers: [AppService, ${GUARD}] })
export default class AppModule {}
`);
  });

  it('may have a ConfigModule of its own', async () => {
    const text = await moduleAfter(`${HEAD}import { ConfigModule } from './config.module';

@Module({ imports: [ConfigModule] })${CLASS}`);
    expect(text).toContain("import { ConfigModule as NestConfigModule } from '@nestjs/config';");
    expect(text).toContain(
      'imports: [ConfigModule, NestConfigModule.forRoot(), HankoModule.forRoot()]',
    );
  });

  it.each([
    ["import { HankoAuthGuard } from './guard';", 'it has a HankoAuthGuard of its own'],
    [
      "import { HankoModule } from 'nestjs-hanko';",
      'HankoModule, which is not set up by forRoot()',
    ],
  ])('with %s is left as it is', async (line, reason) => {
    const { todo, changed } = await addTo(appWith(`${HEAD}${line}\n@Module({})${CLASS}`));
    expect(todo).toContain(reason);
    expect(Object.keys(changed)).not.toContain('src/app.module.ts');
  });
});

describe('an app that has guards', () => {
  const guards = (...names: readonly string[]): string =>
    names.map((name) => `{ provide: APP_GUARD, useClass: ${name} }`).join(', ');
  const HEAD_WITH_CORE = `${HEAD}import { APP_GUARD } from '@nestjs/core';\n`;

  it.each([
    ['before what may read the user', ['RolesGuard'], [GUARD, guards('RolesGuard')]],
    ['behind a rate limit', ['ThrottlerGuard'], [guards('ThrottlerGuard'), GUARD]],
    [
      'between both',
      ['ThrottlerGuard', 'RolesGuard'],
      [guards('ThrottlerGuard'), GUARD, guards('RolesGuard')],
    ],
  ])('gets ours %s', async (_name, before, after) => {
    const module = `${HEAD_WITH_CORE}@Module({ providers: [S, ${guards(...before)}, T] })${CLASS}`;
    expect(await moduleAfter(module)).toContain(`providers: [S, ${after.join(', ')}, T]`);
  });

  it('keeps comments with the guard that they are about', async () => {
    const module = `${HEAD_WITH_CORE}@Module({
  providers: [
    S,
    // who may do what
    ${guards('RolesGuard')},
  ],
})${CLASS}`;
    expect(await moduleAfter(module)).toContain(`    S,
    ${GUARD},
    // who may do what
    ${guards('RolesGuard')},
`);
  });

  it('names those that run as well, wherever they are bound', async () => {
    const { todo } = await addTo(
      appWith(
        `${HEAD_WITH_CORE}@Module({ providers: [${guards('ThrottlerGuard', 'RolesGuard')}] })${CLASS}`,
        {
          'src/auth/auth.module.ts': `${HEAD_WITH_CORE}@Module({ providers: [${guards('JwtAuthGuard')}] })\nexport class AuthModule {}`,
          'src/cats.controller.ts': '@UseGuards(ApiKeyGuard) export class CatsController {}',
        },
      ),
    );
    expect(todo).toContain('src/app.module.ts binds RolesGuard for the whole app');
    expect(todo).toContain('src/auth/auth.module.ts binds JwtAuthGuard for the whole app');
    expect(todo).toContain('src/cats.controller.ts has @UseGuards()');
    expect(todo).not.toContain('Throttler');
  });
});
