import { ConfigModule } from '@nestjs/config';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type AppEnvironment, readAppEnvironment } from '../../../lib/doctor/app-environment.js';
import { AppFolder } from '../../support/doctor.js';

/** As people write them, and as they should not. */
const ENV = `# a comment
DOCTOR_PLAIN=http://localhost:8000
  DOCTOR_SPACES = a b
export DOCTOR_EXPORTED=yes
DOCTOR_QUOTED="with # inside" # and a comment
DOCTOR_SINGLE='single'
DOCTOR_TICKS=\`ticks\`
DOCTOR_COMMENT=value # a comment
DOCTOR_HASH=value#no-comment
DOCTOR_EMPTY=
DOCTOR_LINES="two
lines"
DOCTOR_ESCAPED="a\\nb"
DOCTOR_HALF="half
DOCTOR_TWICE=1
DOCTOR_TWICE=2
DOCTOR_EQUALS=a=b=c
DOCTOR_EXPAND=\${DOCTOR_PLAIN}/x
`;

const names = [...ENV.matchAll(/\b(DOCTOR_\w+)\s*=/g)].map(([, name = '']) => name);

/** A folder whose @nestjs/config is the one of this repository. */
function appWith(files: Readonly<Record<string, string>>): AppFolder {
  const app = new AppFolder({ 'package.json': {}, ...files });
  app.link('node_modules/@nestjs/config', 'node_modules/@nestjs/config');
  return app;
}

const read = (
  app: AppFolder,
  more: Partial<Parameters<typeof readAppEnvironment>[0]> = {},
): AppEnvironment =>
  readAppEnvironment({ appFolder: app.path, files: ['.env'], process: {}, flags: {}, ...more });

describe('the environment of an app', () => {
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
  });

  test('is read as ConfigModule.forRoot() reads it', async () => {
    using app = appWith({ '.env': ENV });
    await ConfigModule.forRoot({ envFilePath: join(app.path, '.env') });
    const ofConfigModule = Object.fromEntries(names.map((name) => [name, process.env[name]]));
    const { read: variable, hasConfigModule } = read(app);

    expect(hasConfigModule).toBe(true);
    expect(ofConfigModule.DOCTOR_PLAIN).toBe('http://localhost:8000');
    expect(Object.fromEntries(names.map((name) => [name, variable(name)]))).toEqual(ofConfigModule);
  });

  test('is read as node --env-file reads it, where @nestjs/config is not installed', () => {
    using app = new AppFolder({ 'package.json': {}, '.env': ENV });
    const environment = read(app);
    expect(environment.hasConfigModule).toBe(false);
    expect(environment.read('DOCTOR_PLAIN')).toBe('http://localhost:8000');
    expect(environment.read('DOCTOR_QUOTED')).toBe('with # inside');
  });

  test('is that of flags first, of the process, of the first file, of the next one', () => {
    using app = appWith({
      '.env': 'HANKO_A=file\nHANKO_B=file\nHANKO_C=file\n',
      '.env.local': 'HANKO_C=local\n',
    });
    const environment = read(app, {
      files: ['.env.local', '.env', '.env.missing'],
      process: { HANKO_A: 'process', HANKO_B: 'process', HANKO_E: '' },
      flags: { HANKO_A: 'flag', HANKO_D: undefined },
    });
    const values = ['A', 'B', 'C', 'D', 'E'].map((name) => environment.read(`HANKO_${name}`));
    expect(values).toEqual(['flag', 'process', 'local', undefined, '']);
    expect(environment.placeOf('HANKO_A')).toBe('the flag');
    expect(environment.placeOf('HANKO_B')).toBe('the environment of the process');
    expect(environment.placeOf('HANKO_C')).toBe('.env.local');
    expect(environment.files.map(({ variables }) => variables === null)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('names what the process sets to something else than a file', () => {
    using app = appWith({ '.env': 'HANKO_A=1\nHANKO_B=1\nOTHER=1\n' });
    const { overridden } = read(app, { process: { HANKO_A: '2', HANKO_B: '1', OTHER: '2' } });
    expect(overridden).toEqual(['HANKO_A']);
  });

  test('knows names that every object has', () => {
    using app = appWith({ '.env': '__proto__=x\nconstructor=y\n' });
    expect(read(app).read('toString')).toBeUndefined();
    expect(read(app, { files: [] }).read('constructor')).toBeUndefined();
  });
});
