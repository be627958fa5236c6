import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as admin from '../../lib/admin/index.js';
import * as main from '../../lib/index.js';
import * as testing from '../../lib/testing/index.js';
import * as opentelemetry from '../../lib/opentelemetry/index.js';
import * as swagger from '../../lib/swagger/index.js';
import * as terminus from '../../lib/terminus/index.js';
import * as webhooks from '../../lib/webhooks/index.js';
import { VERSION } from '../../lib/util/version.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

function importsOf(folder: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(join(root, folder, file), 'utf8');
    // Examples in comments may import anything.
    const code = source.replaceAll(/^\s*\*.*$/gm, '');
    for (const [, name] of code.matchAll(/(?:from|import\() ?'([^'.\s][^']*)'/g)) {
      found.set(String(name), [...(found.get(String(name)) ?? []), file]);
    }
  }
  return found;
}

describe('the package', () => {
  test('VERSION is the version of package.json', () => {
    expect(VERSION).toBe(manifest.version);
  });

  test('imports exactly what the manifest declares, and Nest by documented entries only', () => {
    // Of TypeScript, schematics import types: the app has it.
    const imported = [...importsOf('lib').keys()].filter(
      (name) => !name.startsWith('node:') && name !== 'typescript',
    );
    const declared = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ];
    const own = imported.filter((name) => !name.startsWith('nestjs-hanko'));
    expect(own.toSorted()).toEqual(declared.toSorted());
  });

  test('imports nothing of TypeScript but types, and only for nest add', () => {
    const files = importsOf('lib').get('typescript') ?? [];
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(file).toMatch(/^schematics/);
      const source = readFileSync(join(root, 'lib', file), 'utf8');
      expect(source).toContain("import type ts from 'typescript';");
    }
  });

  test('has one runtime dependency: jose', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['jose']);
  });

  test('only the two exchanges of http/ touch the network', () => {
    const network = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') &&
        /\bfetch\(|^import (?!type ).*node:(?:https?|net)'/m.test(
          readFileSync(join(root, 'lib', file), 'utf8'),
        ),
    );
    expect(network.toSorted()).toEqual([
      join('http', 'fetch-exchange.ts'),
      join('http', 'node-exchange.ts'),
    ]);
  });

  test('exports these values, and no others', () => {
    expect(Object.keys(main).toSorted()).toMatchInlineSnapshot(`
      [
        "CurrentTenant",
        "CurrentUser",
        "HANKO_CHANNELS",
        "HANKO_JWKS",
        "HankoAuthError",
        "HankoAuthGuard",
        "HankoAuthService",
        "HankoConfigurationError",
        "HankoContextError",
        "HankoCredentialsError",
        "HankoCrossSiteError",
        "HankoHealth",
        "HankoLiveSessions",
        "HankoModule",
        "HankoProfile",
        "HankoRequirementError",
        "HankoRevocation",
        "HankoStepUpError",
        "HankoTenantError",
        "HankoTokenError",
        "HankoUnavailableError",
        "HankoUser",
        "OptionalAuth",
        "Public",
        "RequireAuth",
        "SessionSignal",
        "SessionToken",
        "bearerTokenExtractor",
        "cookieTokenExtractor",
        "hankoMiddleware",
        "hankoSockets",
        "isHankoError",
      ]
    `);
    expect(Object.keys(admin).toSorted()).toEqual([
      'HankoAdmin',
      'HankoAdminError',
      'HankoAdminModule',
    ]);
    expect(Object.keys(webhooks).toSorted()).toEqual(['HankoWebhooksModule', 'OnHankoEvent']);
    expect(Object.keys(swagger)).toEqual(['withHankoAuth']);
    expect(Object.keys(terminus)).toEqual(['HankoHealthIndicator']);
    expect(Object.keys(opentelemetry)).toEqual(['HankoInstrumentation']);
    expect(Object.keys(testing).toSorted()).toMatchInlineSnapshot(`
      [
        "HankoStub",
        "describeRoutes",
        "expectNoOpenRoutes",
        "hankoUser",
      ]
    `);
  });
});

describe('"sideEffects": false', () => {
  test('is true: what modules do when they load is about what they export', () => {
    const effects = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        readFileSync(join(root, 'lib', file), 'utf8')
          .split('\n')
          // A statement of its own at the top of a module, or an import for its effect alone.
          .filter((line) =>
            /^(?:import '|[a-z]\w*\(|[A-Z]\w*\.\w+\(|\(|globalThis|process\.)/.test(line),
          )
          .map(() => file),
      );
    // Brands of a class that the module exports; and the list of loaded copies, which only that module reads.
    expect(effects.toSorted()).toEqual([
      'errors/hanko-auth.error.ts',
      'guards/hanko-auth.guard.ts',
      'util/loaded-copies.ts',
    ]);
  });
});
