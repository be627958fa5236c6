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

const CASES = ['missing', 'installed', 'broken'] as const;
type Peers = (typeof CASES)[number];

/** Says that it was loaded. */
const STUB = {
  installed: (name: string) =>
    `globalThis.loaded.push('${name}'); exports.RpcException = exports.WsException = class {};`,
  broken: () => `throw new Error('made for another Nest');`,
};

const SCRIPT = (load: (name: string) => string, extension: string): string => `
globalThis.loaded = [];
${load('reflect-metadata')}
const { Controller, Injectable, Module } = ${load('@nestjs/common')};
const { NestFactory } = ${load('@nestjs/core')};
// Each finds the peers that lie beside it.
const copies = { ${CASES.map((peers) => `${peers}: ${load(`./${peers}/hanko.${extension}`)}`).join(', ')} };

const appWith = (handlers, HankoModule) => {
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

const start = async (handlers, { HankoModule }) => {
  loaded = [];
  try {
    await appWith(handlers, HankoModule);
    return { loaded };
  } catch (error) {
    return { loaded, error: error.message };
  }
};
(async () => {
  const results = {};
  for (const [peers, copy] of Object.entries(copies)) {
    results[peers] = {};
    for (const handlers of ['none', 'messages', 'gateways']) {
      results[peers][handlers] = await start(handlers, copy);
    }
  }
  console.log(JSON.stringify(results));
})();
`;

type Handlers = 'none' | 'messages' | 'gateways';

interface Result {
  readonly loaded: readonly string[];
  readonly error?: string;
}

describe.each([
  {
    format: 'ES modules',
    extension: 'mjs',
    load: (name: string) => `await import('${name}')`,
    reexport: `export * from 'nestjs-hanko';`,
  },
  {
    format: 'CommonJS',
    extension: 'cjs',
    load: (name: string) => `require('${name}')`,
    reexport: `module.exports = require('nestjs-hanko');`,
  },
])('an app of $format', ({ extension, load, reexport }) => {
  let folder: string;
  let results: Record<Peers, Record<Handlers, Result>>;

  // One process for all cases, each with a copy of ours: to load Nest takes longer than what is tried.
  beforeAll(async () => {
    if (!existsSync(join(root, 'dist'))) throw new Error('there is no dist: npm run build');
    folder = mkdtempSync(join(tmpdir(), 'nestjs-hanko-peers-'));
    mkdirSync(join(folder, 'node_modules/@nestjs'), { recursive: true });
    for (const name of INSTALLED) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
    }
    for (const peers of CASES) {
      const modules = join(folder, peers, 'node_modules');
      for (const part of ['dist', 'package.json']) {
        cpSync(join(root, part), join(modules, 'nestjs-hanko', part), { recursive: true });
      }
      for (const name of peers === 'missing' ? [] : PEERS) {
        mkdirSync(join(modules, name), { recursive: true });
        writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name }));
        writeFileSync(join(modules, name, 'index.js'), STUB[peers as keyof typeof STUB](name));
      }
      writeFileSync(join(folder, peers, `hanko.${extension}`), reexport);
    }
    const file = join(folder, `app.${extension}`);
    writeFileSync(file, SCRIPT(load, extension));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
    results = JSON.parse(stdout) as typeof results;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('with neither gateways nor message handlers needs none of their packages, and loads none', () => {
    expect(results.missing.none).toEqual({ loaded: [] });
    expect(results.installed.none).toEqual({ loaded: [] });
  });

  it.each([
    { handlers: 'messages', peer: '@nestjs/microservices', what: 'message handlers' },
    { handlers: 'gateways', peer: '@nestjs/websockets', what: 'gateways' },
  ] as const)('with $what loads $peer, and does not start without it', (row) => {
    expect(results.installed[row.handlers]).toEqual({ loaded: [row.peer] });
    const missing = results.missing[row.handlers].error;
    expect(missing).toContain(`${row.peer}: cannot be loaded from nestjs-hanko`);
    expect(missing).toContain(`the app has ${row.what}`);
    expect(missing).toContain('Install it beside nestjs-hanko');
    expect(results.broken[row.handlers].error).toContain('made for another Nest');
  });
});
