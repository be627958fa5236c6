import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checksOf,
  complaintsOf,
  diagnosisOf,
  type Files,
  HEALTHY,
  textOf,
} from '../../support/doctor.js';

let hanko: FakeHanko;
beforeAll(async () => void (hanko = await FakeHanko.start()));
afterAll(() => hanko.stop());

const GOOD = (): Record<string, string> => ({
  HANKO_API_URL: hanko.url,
  HANKO_AUDIENCE: 'localhost',
});

const without = (file: string): Files =>
  Object.fromEntries(Object.entries(HEALTHY).filter(([name]) => !name.includes(file)));

describe('a setup that is right', () => {
  test('has no complaints, by the environment or by .env', async () => {
    const checks = checksOf(await diagnosisOf({ variables: GOOD() }));
    expect(complaintsOf(checks)).toEqual([]);
    const env = Object.entries(GOOD()).map(([name, value]) => `${name}=${value}\n`);
    const ofFile = checksOf(await diagnosisOf({}, { ...HEALTHY, '.env': env.join('') }));
    expect(complaintsOf(ofFile)).toEqual([]);
    expect(textOf(ofFile, '.env')).toContain('It has HANKO_API_URL, HANKO_AUDIENCE.');
    expect(textOf(ofFile, 'options')).toContain('HANKO_API_URL, HANKO_AUDIENCE');
  });
});

describe('a wrong value', () => {
  test.each<[value: string, variable: string, complaint: string, says: RegExp]>([
    ['"localhost"', 'HANKO_AUDIENCE', 'fail', /has quotes around it/],
    ['["localhost"]', 'HANKO_AUDIENCE', 'fail', /looks like JSON/],
    ['http://localhost:3000', 'HANKO_AUDIENCE', 'warn', /holds a URL, a port or a path/],
    ['undefined', 'HANKO_AUDIENCE', 'fail', /writes for a missing value/],
    ['two words', 'HANKO_ISSUER', 'fail', /white space/],
    ['https://<id>.hanko.io', 'HANKO_API_URL', 'fail', /placeholder/],
    ['http://a.hanko.io', 'HANKO_API_URL', 'fail', /must begin with https/],
    ['https://cloud.hanko.io', 'HANKO_API_URL', 'fail', /is a website of Hanko/],
    ['localhost:8000', 'HANKO_API_URL', 'fail', /must be an absolute URL/],
    ['a b', 'HANKO_COOKIE_NAME', 'fail', /white space/],
    ['a;b', 'HANKO_COOKIE_NAME', 'fail', /must be the name of a cookie/],
  ])('%s of %s is found', async (value, variable, status, says) => {
    const { sections } = await diagnosisOf({ variables: { ...GOOD(), [variable]: value } });
    const checks = sections.find(({ title }) => title === 'Options')?.checks ?? [];
    expect(complaintsOf(checks)).toContain(`${status} ${variable}`);
    expect(textOf(checks, variable)).toMatch(says);
    expect(textOf(checks, variable)).not.toContain(value);
  });

  test('does not hide what lies behind it: Hanko is asked with the rest', async () => {
    const checks = checksOf(
      await diagnosisOf({
        variables: { HANKO_API_URL: hanko.url, HANKO_AUDIENCE: "'x'", HANKO_ISSUER: '{a}' },
      }),
    );
    expect(complaintsOf(checks)).toEqual([
      'fail HANKO_AUDIENCE',
      'fail HANKO_ISSUER',
      'warn HANKO_AUDIENCE',
    ]);
    expect(textOf(checks, 'address')).toContain('Hanko replies');
    expect(textOf(checks, 'HANKO_ISSUER')).toContain(
      'Correct it in the environment of the process',
    );
  });

  test('of an address ends the examination, and all else is said', async () => {
    const checks = checksOf(await diagnosisOf({ variables: { HANKO_API_URL: 'nowhere' } }));
    expect(complaintsOf(checks)).toContain('fail HANKO_API_URL');
    expect(textOf(checks, 'address')).toContain('its address is not known');
  });
});

describe('what is missing', () => {
  test.each<[what: string, complaint: string, files: Files]>([
    ['an address', 'fail apiUrl', HEALTHY],
    [
      'ConfigModule, for a .env',
      'warn .env',
      {
        ...HEALTHY,
        '.env': 'HANKO_API_URL=x',
        'src/app.module.ts': 'HankoModule.forRoot(); HankoAuthGuard',
      },
    ],
    [
      '@nestjs/config, for a .env',
      'warn .env',
      { ...without('@nestjs/config'), '.env': 'HANKO_API_URL=x' },
    ],
    ['HankoModule', 'warn module', { ...HEALTHY, 'src/app.module.ts': 'class AppModule {}' }],
    [
      'a guard',
      'warn guard',
      { ...HEALTHY, 'src/app.module.ts': 'HankoModule.forRoot(), ConfigModule.forRoot()' },
    ],
    [
      'an audience',
      'warn HANKO_AUDIENCE',
      { ...HEALTHY, '.env': 'HANKO_API_URL=http://localhost:1' },
    ],
  ])('%s is found', async (_what, complaint, files) => {
    expect(complaintsOf(checksOf(await diagnosisOf({}, files)))).toContain(complaint);
  });

  test('files that the source names are found, unless flags name them, too', async () => {
    const files = {
      ...HEALTHY,
      '.env.local': `HANKO_API_URL=${hanko.url}\nHANKO_AUDIENCE=localhost\n`,
      'src/main.ts': "ConfigModule.forRoot({ envFilePath: '.env.local' })",
    };
    expect(complaintsOf(checksOf(await diagnosisOf({}, files)))).toContain('warn .env');
    const named = checksOf(await diagnosisOf({ envFiles: ['.env.local'] }, files));
    expect(complaintsOf(named)).toEqual([]);
  });

  test('a file that a flag names is found', async () => {
    const checks = checksOf(
      await diagnosisOf({ variables: GOOD(), envFiles: ['.env', 'config/.env'] }),
    );
    expect(complaintsOf(checks)).toEqual(['fail .env', 'fail config/.env']);
  });
});

describe('a variable', () => {
  test.each([
    ['HANKO_APIURL', 'HANKO_API_URL'],
    ['HANKO_URL', 'HANKO_API_URL'],
    ['HANKO_AUDIENCES', 'HANKO_AUDIENCE'],
    ['HANKO_ADMIN_KEY', 'HANKO_ADMIN_API_KEY'],
    ['HANKO_COOKIE', 'HANKO_COOKIE_NAME'],
    ['HANKO_SESSION_SECRET', null],
    ['HANKO_LOG_LEVEL', null],
  ])('%s is taken for %s', async (name, meant) => {
    const checks = checksOf(await diagnosisOf({ variables: { ...GOOD(), [name]: 'x' } }));
    expect(complaintsOf(checks)).toEqual(meant === null ? [] : [`warn ${name}`]);
    expect(/Is it (\w+)\?/.exec(textOf(checks, name))?.[1] ?? null).toBe(meant);
  });

  test('that the process sets to another value than .env is found', async () => {
    const checks = checksOf(
      await diagnosisOf({ variables: GOOD() }, { ...HEALTHY, '.env': 'HANKO_AUDIENCE=other' }),
    );
    expect(complaintsOf(checks)).toEqual(['warn HANKO_AUDIENCE']);
  });
});

describe('options in code', () => {
  const files = {
    ...HEALTHY,
    'src/app.module.ts':
      "ConfigModule.forRoot(), HankoModule.forRoot({ audience: 'x' }); HankoAuthGuard",
  };

  test('are named, as the doctor does not run the app', async () => {
    const checks = checksOf(await diagnosisOf({ variables: GOOD() }, files));
    expect(complaintsOf(checks)).toEqual(['warn module']);
    expect(textOf(checks, 'module')).toMatch(
      /src\/app\.module\.ts:1 sets audience in code.*--audience/,
    );
  });

  test('are not named where flags say the same', async () => {
    const flags = { HANKO_AUDIENCE: 'localhost' };
    const checks = checksOf(await diagnosisOf({ variables: GOOD(), flags }, files));
    expect(complaintsOf(checks)).toEqual([]);
  });
});
