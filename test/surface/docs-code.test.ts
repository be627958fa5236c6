import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import * as common from '@nestjs/common';
import * as admin from '../../lib/admin/index.js';
import * as main from '../../lib/index.js';
import * as swagger from '../../lib/swagger/index.js';
import * as webhooks from '../../lib/webhooks/index.js';
import { root } from '../support/api-program.js';
import { comments, commentsIn } from '../support/tsdoc-blocks.js';

const COMMON_TYPES = [
  'ArgumentsHost',
  'CanActivate',
  'ExceptionFilter',
  'ExecutionContext',
  'NestMiddleware',
  'PipeTransform',
];

/** Where a name comes from that a block of documentation uses and does not import. */
const SOURCES: readonly (readonly [module: string, names: readonly string[]])[] = [
  ['@nestjs/common', [...Object.keys(common), ...COMMON_TYPES]],
  ['@nestjs/core', ['APP_GUARD', 'HttpAdapterHost', 'NestFactory']],
  ['@nestjs/microservices', ['Transport']],
  ['@nestjs/config', ['ConfigModule', 'ConfigService']],
  ['@nestjs/testing', ['Test']],
  [
    'nestjs-hanko',
    [...Object.keys(main), 'TokenExtractor', 'IncomingRequest', 'HankoOptionsFactory'],
  ],
  ['@nestjs/throttler', ['ThrottlerGuard', 'ThrottlerModule']],
  ['fake-hanko', ['FakeHanko']],
  ['nestjs-hanko/testing', ['describeRoutes', 'expectNoOpenRoutes', 'HankoStub', 'hankoUser']],
  ['nestjs-hanko/webhooks', [...Object.keys(webhooks), 'HankoEvent']],
  ['nestjs-hanko/swagger', Object.keys(swagger)],
  ['nestjs-hanko/admin', Object.keys(admin)],
  ['@nestjs/terminus', ['HealthCheck', 'HealthCheckService', 'TerminusModule']],
  ['nestjs-hanko/terminus', ['HankoHealthIndicator']],
  ['nestjs-hanko/opentelemetry', ['HankoInstrumentation']],
  ['@nestjs/swagger', ['DocumentBuilder', 'SwaggerModule']],
  ['zod', ['z']],
];

/** What the text around a block has spoken of. */
const AMBIENT: Readonly<Record<string, string>> = {
  app: "declare const app: import('@nestjs/common').INestApplication;",
  hanko: "declare const hanko: import('nestjs-hanko').HankoAuthService;",
  admin: "declare const admin: import('nestjs-hanko/admin').HankoAdmin;",
  user: "declare const user: import('nestjs-hanko').HankoUser;",
  token: 'declare const token: string;',
  request: 'declare const request: any;',
  db: 'declare const db: { query<Row>(sql: string, values: string[]): Promise<{ rows: Row[] }> };',
  AppModule: 'declare class AppModule {}',
  NotesController:
    "declare class NotesController { list(user: import('nestjs-hanko').HankoUser): unknown }",
  ApiKeys: 'declare class ApiKeys { isValid(key: string): Promise<boolean> }',
  CacheInterceptor:
    "declare class CacheInterceptor { protected trackBy(context: import('@nestjs/common').ExecutionContext): Promise<string | undefined | null> | string | undefined | null }",
  dashboard: 'declare const dashboard: () => void;',
  files: 'declare const files: () => void;',
  Login: "type Login = import('../support/recipes/login.js').Login;",
  sessionStorage: 'declare const sessionStorage: { getItem(key: string): string | null };',
};

/** Every page of docs/. */
const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/** What each document speaks of throughout. */
const documents: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': AMBIENT,
  ...Object.fromEntries(pages.map((page) => [page, AMBIENT])),
  'sample/README.md': AMBIENT,
  'sample/01-quick-start/README.md': AMBIENT,
  'SECURITY.md': AMBIENT,
  'fake-hanko/README.md': {
    hanko: "declare const hanko: import('fake-hanko').FakeHanko;",
    browser: "declare const browser: import('playwright-core').Browser;",
    context: "declare const context: import('playwright-core').BrowserContext;",
    page: "declare const page: import('playwright-core').Page;",
    app: AMBIENT['app'] ?? '',
  },
};

interface Block {
  readonly name: string;
  readonly code: string;
  readonly ambient: Readonly<Record<string, string>>;
}

function codeBlocks(document: string): readonly Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^(<!-- (?:[a-z ]+ )?spec -->\n\n)?```ts\n([^]*?)^```$/gm)]
    .filter(([, isSpec]) => isSpec === undefined) // compiled and run in test/package
    .map((match) => ({
      name: `${document}:${text.slice(0, match.index).split('\n').length}`,
      code: match[2] ?? '',
      ambient: documents[document] ?? {},
    }));
}

function withImports({ code, ambient: spokenOf }: Block): string {
  const uses = (name: string): boolean => new RegExp(`(?<![.\\w'])${name}\\b`).test(code);
  const declares = (name: string): boolean =>
    new RegExp(
      `\\b(?:const|let|class|function|interface) ${name}\\b|\\bimport [^;]*\\b${name}\\b[^;]* from`,
    ).test(code);
  const imports = SOURCES.map(([module, names]) => {
    const used = names.filter((name) => uses(name) && !declares(name));
    return used.length > 0 ? `import { ${used.join(', ')} } from '${module}';\n` : '';
  });
  const ambient = Object.entries(spokenOf)
    .filter(([name]) => uses(name) && !declares(name))
    .map(([, declaration]) => `${declaration}\n`);
  return `${imports.join('')}${ambient.join('')}export {};\n${code}`;
}

/** Compiles blocks as files of this repository, strictly. */
function compile(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  );
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = new Map(
    blocks.map((block, index) => [
      join(root, 'test/surface', `block-${index}.ts`),
      { name: block.name, code: withImports(block) },
    ]),
  );
  const host = ts.createCompilerHost(options);
  host.readFile = (file) => files.get(file)?.code ?? ts.sys.readFile(file);
  host.fileExists = (file) => files.has(file) || ts.sys.fileExists(file);
  host.getSourceFile = (file, version) => {
    const code = host.readFile(file);
    return code === undefined ? undefined : ts.createSourceFile(file, code, version);
  };
  const lenient = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  const program = ts.createProgram([...files.keys()], lenient, host);
  return [...files.keys()]
    .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    .map(({ file, messageText, start }) => {
      const block = files.get(file?.fileName ?? '');
      const line = block?.code.slice(0, start).split('\n').at(-1);
      return `${block?.name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')} at ${line}`;
    });
}

/** What a hover shows of code. */
const shown = comments();
const examples: readonly Block[] = shown.flatMap(({ file, examples: ofFile }) =>
  ofFile.map(({ owner, code }) => ({ name: `${file} ${owner}`, code, ambient: AMBIENT })),
);

/** A comment that refers to something a hover does not show. */
const RIDDLE = /\/\*\*\s+(?:\* )?(?:The same|Of)\b[^\n]*/g;

/** Where an app begins to read: a hover without an example sends people to a search engine. */
const ENTRY_POINTS = `
  HankoModule HankoAuthGuard CurrentUser SessionToken Public OptionalAuth RequireAuth
  OnHankoEvent HankoAuthService.authenticate HankoAuthService.verifyToken
  HankoAuthService.assertRequirements hankoMiddleware hankoSockets HankoUser HankoClaims HankoHealth
  HankoAdmin HankoAdminModule HankoAdminError HankoAdminRegister HankoPublicMetadata
  HankoProfile HankoList HankoRevocation.revoke HankoRevocation.revokeUser HankoRevocation.revoked$ HankoWebhooksModule
  HankoHealthIndicator HankoInstrumentation
  withHankoAuth HankoStub hankoUser describeRoutes expectNoOpenRoutes HANKO_CHANNELS
  bearerTokenExtractor cookieTokenExtractor isHankoError FakeHanko FakeHanko.start
  FakeHanko.fault FakeHanko.createTenant FakeTenant.token FakeTenant.forgedToken FakeTenant.sendWebhook
`
  .trim()
  .split(/\s+/);

describe('documentation', () => {
  const blocks = Object.keys(documents).flatMap(codeBlocks);

  test('compiles, every block of pages and comments', { timeout: 180_000 }, () => {
    expect(blocks.length).toBeGreaterThan(4);
    // And one that must not: else the check might see nothing.
    const code = "HankoModule.forRoot({ sesion: 'online' });";
    const wrong = { name: 'wrong', code, ambient: AMBIENT };
    expect(compile([...blocks, ...examples, wrong])).toEqual([
      expect.stringMatching(/^wrong: .*sesion/),
    ]);
  });
});

describe('TSDoc', () => {
  test('has an example for every entry point', () => {
    const owners = new Set(examples.map(({ name }) => name.split(' ')[1]));
    expect(ENTRY_POINTS.filter((name) => !owners.has(name))).toEqual([]);
  });

  test('has no comment, private ones included, that begins with "The same" or "Of"', () => {
    const riddles = shown.flatMap(({ file }) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(RIDDLE)].map(([it]) => `${file}: ${it}`),
    );
    expect(riddles).toEqual([]);
    expect('/**\n   * The same of a call'.match(RIDDLE)).not.toBeNull();
  });

  test('has no decorator that TypeScript reads as a tag', () => {
    const stray = shown.flatMap(({ file, strayTags }) => strayTags.map((tag) => `${file} ${tag}`));
    expect(stray).toEqual([]);
  });

  test('is found out where an example is cut by a decorator behind white space', () => {
    const text = `
      /**
       * Lists notes.
       *
       * Example: \`list(@CurrentUser() user: HankoUser)\`
       *
       * \`\`\`ts
       * const one = 1;
       * \`\`\`
       */
      export function whole(): void {}
      export class Notes {
        /**
         * Lists notes.
         * @example
         * @Get()
         * list() {}
         * @returns nothing.
         */
        list(): void {}
      }
    `;
    expect(commentsIn(text)).toEqual({
      examples: [
        { owner: 'whole', code: 'const one = 1;\n' },
        { owner: 'whole', code: 'class Example { list(@CurrentUser() user: HankoUser) {} }' },
      ],
      strayTags: ['Notes.list: @Get'],
    });
  });
});
