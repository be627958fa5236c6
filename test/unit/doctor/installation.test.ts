import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../lib/doctor/check.js';
import { installationChecks, SUPPORTED } from '../../../lib/doctor/installation.js';
import { root } from '../../support/api-program.js';
import {
  AppFolder,
  complaintsOf,
  fakePackage,
  type Files,
  HEALTHY,
  textOf,
} from '../../support/doctor.js';

function checksFor(files: Files, node = '22.12.0'): readonly Check[] {
  using app = new AppFolder(files);
  return installationChecks(app.path, node);
}

describe('what is supported', () => {
  test('is what package.json says', () => {
    const { engines, peerDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as { engines: { node: string }; peerDependencies: object };
    expect(SUPPORTED.node).toBe(engines.node);
    // A peer without versions of its own to speak of is not looked at.
    expect(peerDependencies).toMatchObject(SUPPORTED.peers);
  });
});

describe('an installation', () => {
  test('that is right has no complaints', () => {
    const checks = checksFor(HEALTHY);
    expect(checks.map(({ id, status }) => `${status} ${id}`)).toEqual([
      'ok node',
      'ok nest',
      'ok package',
      'ok copies',
    ]);
  });

  test('on Nest 11 is right, too', () => {
    expect(
      complaintsOf(
        checksFor({
          ...HEALTHY,
          ...fakePackage('@nestjs/common', '11.0.0'),
          ...fakePackage('@nestjs/core', '11.0.0'),
          ...fakePackage('@nestjs/config', '4.0.0', {
            peerDependencies: { '@nestjs/common': '^10.0.0 || ^11.0.0' },
          }),
        }),
      ),
    ).toEqual([]);
  });

  test.each<[fault: string, complaint: string, says: RegExp, files: Files]>([
    ['no app', 'fail app', /no package\.json/, {}],
    ['nothing installed', 'fail nest', /npm install/, { 'package.json': {} }],
    [
      'Nest 10',
      'fail nest',
      /@nestjs\/core 10\.4\.1 is not supported.*\^11\.0\.0/,
      { ...fakePackage('@nestjs/common', '10.4.1'), ...fakePackage('@nestjs/core', '10.4.1') },
    ],
    [
      'two majors of Nest',
      'fail nest',
      /@nestjs\/platform-express is 11\.2\.0, and @nestjs\/core is 12\.5\.1/,
      fakePackage('@nestjs/platform-express', '11.2.0'),
    ],
    [
      'a @nestjs/config of another Nest',
      'warn nest',
      /@nestjs\/config 4\.0\.4 asks for @nestjs\/common \^11\.0\.0, and 12\.5\.1 is installed/,
      fakePackage('@nestjs/config', '4.0.4', { peerDependencies: { '@nestjs/common': '^11.0.0' } }),
    ],
    [
      'an old rxjs',
      'fail nest',
      /rxjs 6\.6\.0 is not supported/,
      { ...fakePackage('rxjs', '6.6.0') },
    ],
    [
      'another version of this package',
      'warn package',
      /the app has nestjs-hanko 0\.0\.1.*--no-install/,
      fakePackage('nestjs-hanko', '0.0.1'),
    ],
    [
      'a second copy of this package',
      'fail copies',
      /2 copies of nestjs-hanko.*node_modules\/shared\/node_modules\/nestjs-hanko \(for shared\).*npm ls/,
      {
        'package.json': { dependencies: { 'nestjs-hanko': '*', shared: '*' } },
        ...fakePackage('shared', '1.0.0', { dependencies: { 'nestjs-hanko': '*' } }),
        'node_modules/shared/node_modules/nestjs-hanko/package.json': {
          name: 'nestjs-hanko',
          version: '0.1.0',
        },
      },
    ],
    [
      'a second copy of Nest, far away',
      'fail copies',
      /2 copies of @nestjs\/core.*\(for b\)/,
      {
        'package.json': { dependencies: { '@nestjs/core': '*', a: '*' } },
        ...fakePackage('a', '1.0.0', { dependencies: { b: '*' } }),
        ...fakePackage('b', '1.0.0', { peerDependencies: { '@nestjs/core': '*' } }),
        'node_modules/b/node_modules/@nestjs/core/package.json': {
          name: '@nestjs/core',
          version: '12.5.1',
        },
      },
    ],
  ])('with %s is found', (_fault, complaint, says, files) => {
    const isBare = !Object.keys(files).some((file) => file.startsWith('node_modules'));
    const checks = checksFor(isBare ? files : { ...HEALTHY, ...files });
    expect(complaintsOf(checks)).toContain(complaint);
    expect(textOf(checks, complaint.split(' ')[1] ?? '')).toMatch(says);
  });

  test('without this package is found', () => {
    const { 'node_modules/nestjs-hanko/package.json': _, ...files } = HEALTHY;
    expect(complaintsOf(checksFor(files))).toEqual(['fail package']);
  });

  test('on an old Node is found', () => {
    const checks = checksFor(HEALTHY, '18.20.0');
    expect(complaintsOf(checks)).toEqual(['fail node']);
    expect(textOf(checks, 'node')).toContain('Use Node ^20.19.0');
  });

  test('that links a package of its own, with a copy in its node_modules, is found', () => {
    using shared = new AppFolder({
      'package.json': {
        name: 'shared',
        version: '1.0.0',
        peerDependencies: { 'nestjs-hanko': '*' },
      },
      ...fakePackage('nestjs-hanko', '0.1.0'),
    });
    using app = new AppFolder({
      ...HEALTHY,
      'package.json': { dependencies: { 'nestjs-hanko': '*', shared: '*' } },
    });
    symlinkSync(shared.path, join(app.path, 'node_modules/shared'));
    expect(complaintsOf(installationChecks(app.path, '22.12.0'))).toEqual(['fail copies']);
  });

  test('of pnpm has one copy, whatever else lies in its store', () => {
    const store = 'node_modules/.pnpm';
    using app = new AppFolder({
      'package.json': { dependencies: { 'nestjs-hanko': '*', '@nestjs/core': '*' } },
      [`${store}/nestjs-hanko@0.1.0/node_modules/nestjs-hanko/package.json`]: {
        name: 'nestjs-hanko',
        version: '0.1.0',
        peerDependencies: { '@nestjs/core': '*' },
      },
      [`${store}/@nestjs+core@12.5.1/node_modules/@nestjs/core/package.json`]: {
        name: '@nestjs/core',
        version: '12.5.1',
      },
      // Of another app in the same repository.
      [`${store}/@nestjs+core@11.0.0/node_modules/@nestjs/core/package.json`]: {
        name: '@nestjs/core',
        version: '11.0.0',
      },
    });
    const link = (target: string, at: string): void => {
      mkdirSync(join(app.path, at, '..'), { recursive: true });
      symlinkSync(join(app.path, store, target), join(app.path, at));
    };
    link('nestjs-hanko@0.1.0/node_modules/nestjs-hanko', 'node_modules/nestjs-hanko');
    link('@nestjs+core@12.5.1/node_modules/@nestjs/core', 'node_modules/@nestjs/core');
    link(
      '@nestjs+core@12.5.1/node_modules/@nestjs/core',
      `${store}/nestjs-hanko@0.1.0/node_modules/@nestjs/core`,
    );
    expect(complaintsOf(installationChecks(app.path, '22.12.0'))).toEqual([]);
  });

  test('in a monorepo is found above the app', () => {
    using repository = new AppFolder({
      ...HEALTHY,
      'apps/api/package.json': { dependencies: { 'nestjs-hanko': '*' } },
    });
    const checks = installationChecks(join(repository.path, 'apps/api'), '22.12.0');
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'package')).toContain('is installed');
  });

  test('with packages that ask for each other, or whose package.json is broken, comes to an end', () => {
    const checks = checksFor({
      ...HEALTHY,
      'package.json': { dependencies: { 'nestjs-hanko': '*', a: '*', broken: '*' } },
      ...fakePackage('a', '1.0.0', { dependencies: { b: '*' } }),
      ...fakePackage('b', '1.0.0', { dependencies: { a: '*' } }),
      'node_modules/broken/package.json': '{',
    });
    expect(complaintsOf(checks)).toEqual([]);
  });
});
