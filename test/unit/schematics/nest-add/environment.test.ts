import { describe, expect, it } from 'vitest';
import { addTo, type Files, template } from '../../../support/nest-app.js';

const ESM = template('nest-12-esm-vitest');

describe('.env', () => {
  it.each<[what: string, before: string, after: string]>([
    ['keeps what is there, and its line ends', 'PORT=3000', 'PORT=3000\n\n# The API URL'],
    ['of Windows', 'PORT=3000\r\n', 'PORT=3000\r\n\r\n# The API URL'],
  ])('%s', async (_what, before, after) => {
    const { files } = await addTo({ ...ESM, '.env': before });
    expect(files['.env']?.startsWith(after)).toBe(true);
    expect(/[^\r]\n/.test(files['.env'] ?? '')).toBe(!before.includes('\r'));
    expect(files['.env']).toContain('HANKO_API_URL=http://localhost:8000');
    expect(files['.env']).toContain('HANKO_AUDIENCE=localhost');
  });

  it('keeps the address that is there, and adds no audience that may be wrong', async () => {
    const env = 'export HANKO_API_URL = https://x.hanko.io\n';
    const { files, todo } = await addTo({ ...ESM, '.env': env });
    expect(files['.env']).toBe(env);
    expect(todo).toContain('Set HANKO_AUDIENCE in .env to the host of your App URL');
  });

  it('gets the address and audience of the flags', async () => {
    const { changed, todo } = await addTo(ESM, {
      apiUrl: 'https://x.hanko.io',
      audience: 'app.test',
    });
    expect(changed['.env']).toMatch(/^HANKO_API_URL=https:\/\/x\.hanko\.io$/m);
    expect(changed['.env']).toMatch(/^HANKO_AUDIENCE=app\.test$/m);
    // Others who clone the app try it with a Hanko on their machines.
    expect(changed['.env.example']).toContain('HANKO_API_URL=http://localhost:8000');
    expect(todo).toBe('');
  });

  it('without an audience that is known has a comment, and the command says what to do', async () => {
    const { changed, todo, files } = await addTo(ESM, { apiUrl: 'https://x.hanko.io' });
    expect(changed['.env']).toMatch(/^# HANKO_AUDIENCE=app\.example\.com$/m);
    expect(todo).toContain('Set HANKO_AUDIENCE in .env');
    expect((await addTo(files)).changed).toEqual({});
  });

  it('is not changed by flags that say otherwise, which is said', async () => {
    const env = 'HANKO_API_URL=https://x.hanko.io\nHANKO_AUDIENCE=a.test\n';
    const { files, todo } = await addTo(
      { ...ESM, '.env': env },
      { apiUrl: 'https://y.hanko.io', audience: 'a.test' },
    );
    expect(files['.env']).toBe(env);
    expect(todo).toContain('.env has another HANKO_API_URL already: it was not changed.');
    expect(todo).not.toContain('HANKO_AUDIENCE');
  });
});

describe('an app that has ConfigModule', () => {
  const withConfig = (options: string, more: Files = {}): Files => ({
    ...ESM,
    ...more,
    'src/config.module.ts': `import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
@Module({ imports: [ConfigModule.forRoot(${options})] })
export class SettingsModule {}
`,
  });

  it.each([
    ['', '.env'],
    ['{ isGlobal: true }', '.env'],
    ['{ ignoreEnvFile: false }', '.env'],
    ["{ envFilePath: ['.env.local', './.env'] }", '.env'],
    ["{ envFilePath: 'config/app.env' }", 'config/app.env'],
    ["{ envFilePath: [`.env.${process.env.NODE_ENV}`, '.env.base'] }", '.env.base'],
  ])('ConfigModule.forRoot(%s) keeps it, and its settings get into %s', async (options, file) => {
    const { changed } = await addTo(withConfig(options));
    expect(changed['src/app.module.ts']).not.toContain('ConfigModule');
    expect(changed[file]).toContain('HANKO_API_URL');
    expect(
      Object.keys(changed)
        .filter((text) => text.includes('env'))
        .toSorted(),
    ).toEqual([file, '.env.example'].toSorted());
    expect(changed).not.toHaveProperty(['package.json']);
  });

  it.each([
    ['{ ignoreEnvFile: true }'],
    ['{ ignoreEnvFile: isProduction }'],
    ['{ envFilePath: `.env.${process.env.NODE_ENV}` }'],
    ["{ envFilePath: '/etc/app.env' }"],
    ["{ envFilePath: '../.env' }"],
    ['{ envFilePath }'],
    ['{ ...shared }'],
    ['options'],
  ])('ConfigModule.forRoot(%s) leaves the settings to you', async (options) => {
    const { changed, todo } = await addTo(withConfig(options));
    expect(Object.keys(changed).filter((text) => text.includes('env'))).toEqual(['.env.example']);
    expect(todo).toContain('Set HANKO_API_URL and HANKO_AUDIENCE where your ConfigModule reads');
  });
});
