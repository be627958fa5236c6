import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { HankoModule } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { CapturedLog } from '../../support/log.js';
import { faultsOf, ModuleApp, start } from '../../support/module-app.js';

const fixture = new ModuleApp();

describe('wrong options', () => {
  const WRONG = {
    apiUrl: 'https://user:secret-word@hanko.test/.well-known/jwks.json?a#b',
    audience: [],
    issuer: '',
    cookieName: 'a;b',
    clockToleranceSeconds: 301,
    maxTokenBytes: 1_023,
    jwksCacheSeconds: 0,
    jwksCooldownSeconds: 1.5,
    jwksTimeoutMs: '5000',
    jwksMaxBytes: Number.NaN,
    jwksStaleIfErrorSeconds: -1,
    trustedOrigins: ['https://app.example.org/', '*', 'https://ok.example.org'],
    extractors: [{}],
    fetch: 'fetch',
    now: 0,
    session: 'sometimes',
    nonsense: 'secret-word',
  };

  it('are listed all at once, each with its path and its cure, and without the value', async () => {
    const starting = start([HankoModule.forRoot(WRONG as never)]);
    const faults = await faultsOf(starting);

    expect(new Set(faults.map(({ path }) => path))).toEqual(
      new Set([
        ...Object.keys(WRONG).filter((name) => name !== 'trustedOrigins' && name !== 'extractors'),
        'trustedOrigins[0]',
        'trustedOrigins[1]',
        'extractors[0]',
      ]),
    );
    for (const { hint } of faults) expect(hint.length).toBeGreaterThan(10);
    const { message } = (await starting.catch((error: unknown) => error)) as Error;
    expect(message).not.toContain('secret-word');
    for (const { path } of faults) expect(message).toContain(`- ${path}: `);
  });

  it('are a start-up error of NestFactory as well', async () => {
    @Module({ imports: [HankoModule.forRoot({ jwksTimeoutMs: 0 })] })
    class AppModule {}
    const starting = NestFactory.create(AppModule, new ExpressAdapter(), {
      logger: new CapturedLog(),
      abortOnError: false,
    });

    await expect(starting).rejects.toThrow(/apiUrl: is missing.*/s);
    await expect(starting).rejects.toThrow(/jwksTimeoutMs: must be a whole number from 1/);
  });

  it('name an option that has no effect beside jwks', async () => {
    const jwks = fixture.hanko.jwks();
    const module = HankoModule.forRoot({
      jwks,
      jwksCacheSeconds: 60,
      fetch: globalThis.fetch,
    });

    expect(await faultsOf(start([module]))).toMatchObject([
      { path: 'jwksCacheSeconds' },
      { path: 'fetch' },
    ]);
  });

  it.each([
    { what: 'no set', jwks: 'https://hanko.test', path: 'jwks' },
    { what: 'an empty set', jwks: { keys: [] }, path: 'jwks.keys' },
    { what: 'a symmetric key', jwks: { keys: [{ kty: 'oct', k: 'AA' }] }, path: 'jwks.keys[0]' },
  ])('name $what in jwks', async ({ jwks, path }) => {
    expect(await faultsOf(start([HankoModule.forRoot({ jwks: jwks as never })]))).toMatchObject([
      { path },
    ]);
  });
});
