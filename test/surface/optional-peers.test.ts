import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/api-program.js';

/** What an app must have; links, so that what we resolve is found here, and what they resolve where they lie. */
const INSTALLED = ['@nestjs/common', '@nestjs/core', 'jose', 'reflect-metadata', 'rxjs'];

const PEERS = ['@nestjs/microservices', '@nestjs/websockets'];

type Peers = 'missing' | 'installed' | 'broken';

/** Says that it was loaded. */
const STUB = {
  installed: (name: string) =>
    `globalThis.loaded.push('${name}'); exports.RpcException = exports.WsException = class {};`,
  broken: () => `throw new Error('made for another Nest');`,
};

const SCRIPT = (load: (name: string) => string): string => `
globalThis.loaded = [];
${load('reflect-metadata')}
const { Controller, Injectable, Module } = ${load('@nestjs/common')};
const { NestFactory } = ${load('@nestjs/core')};
const { HankoModule } = ${load('nestjs-hanko')};

const appWith = (handlers) => {
  class Notes { add() {} }
  Controller()(Notes);
  class Chat { say() {} }
  Injectable()(Chat);
  // As the decorators of the packages, which an app has from there.
  if (handlers === 'messages') {
    Reflect.defineMetadata('microservices:handler_type', 1, Notes.prototype.add);
    Reflect.defineMetadata('microservices:pattern', ['add'], Notes.prototype.add);
  }
  if (handlers === 'gateways') Reflect.defineMetadata('websockets:is_gateway', true, Chat);
  class AppModule {}
  Module({
    imports: [HankoModule.forRoot({ apiUrl: 'http://127.0.0.1:1', audience: 'localhost' })],
    controllers: [Notes],
    providers: [Chat],
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
};

const start = async (handlers) => {
  loaded = [];
  try {
    await appWith(handlers);
    return { loaded };
  } catch (error) {
    return { loaded, error: error.message };
  }
};
(async () => {
  const results = {};
  for (const handlers of ['none', 'messages', 'gateways']) results[handlers] = await start(handlers);
  console.log(JSON.stringify(results));
})();
`;

type Handlers = 'none' | 'messages' | 'gateways';

interface Result {
  readonly loaded: readonly string[];
  readonly error?: string;
}

describe.each([
  { format: 'ES modules', file: 'app.mjs', load: (name: string) => `await import('${name}')` },
  { format: 'CommonJS', file: 'app.cjs', load: (name: string) => `require('${name}')` },
])('an app of $format', ({ file, load }) => {
  const folders: string[] = [];
  const results: Partial<Record<Peers, Record<Handlers, Result>>> = {};

  beforeAll(async () => {
    if (!existsSync(join(root, 'dist'))) throw new Error('there is no dist: npm run build');
    for (const peers of ['missing', 'installed', 'broken'] as const) {
      const folder = mkdtempSync(join(tmpdir(), 'nestjs-hanko-peers-'));
      folders.push(folder);
      const modules = join(folder, 'node_modules');
      mkdirSync(join(modules, '@nestjs'), { recursive: true });
      for (const name of INSTALLED) {
        symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
      }
      for (const part of ['dist', 'package.json']) {
        cpSync(join(root, part), join(modules, 'nestjs-hanko', part), { recursive: true });
      }
      for (const name of peers === 'missing' ? [] : PEERS) {
        mkdirSync(join(modules, name));
        writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name }));
        writeFileSync(join(modules, name, 'index.js'), STUB[peers as keyof typeof STUB](name));
      }
      writeFileSync(join(folder, file), SCRIPT(load));
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      results[peers] = JSON.parse(stdout) as Record<Handlers, Result>;
    }
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('with neither gateways nor message handlers needs none of their packages, and loads none', () => {
    expect(results.missing?.none).toEqual({ loaded: [] });
    expect(results.installed?.none).toEqual({ loaded: [] });
  });

  it.each([
    { handlers: 'messages', peer: '@nestjs/microservices', what: 'message handlers' },
    { handlers: 'gateways', peer: '@nestjs/websockets', what: 'gateways' },
  ] as const)('with $what loads $peer, and does not start without it', (row) => {
    expect(results.installed?.[row.handlers]).toEqual({ loaded: [row.peer] });
    const missing = results.missing?.[row.handlers].error;
    expect(missing).toContain(`${row.peer}: cannot be loaded from nestjs-hanko`);
    expect(missing).toContain(`the app has ${row.what}`);
    expect(missing).toContain('Install it beside nestjs-hanko');
    expect(results.broken?.[row.handlers].error).toContain('made for another Nest');
  });
});
