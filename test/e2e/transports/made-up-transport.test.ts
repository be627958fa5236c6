import { Injectable, Module, SetMetadata } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthError,
  HankoAuthGuard,
  type HankoCall,
  HankoModule,
  type HankoTransport,
  type HankoUser,
  OptionalAuth,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

/** How calls arrive that no package knows: by pigeon. */
interface Pigeon {
  readonly saidAtTheGate?: Readonly<Record<string, string>>;
  readonly letter?: unknown;
  readonly isOneFlight?: boolean;
  readonly note: Record<string, string>;
}

class PigeonError extends Error {
  constructor(readonly code: string) {
    super(`The pigeon was sent home: ${code}`);
  }
}

/** All that a transport has to say, in one place. */
const pigeonTransport: HankoTransport = {
  type: 'pigeon',
  open(context): HankoCall | undefined {
    const pigeon = context.getArgByIndex<Pigeon | undefined>(0);
    if (pigeon === undefined) return undefined;
    return {
      ...(pigeon.saidAtTheGate && { request: { method: 'GET', headers: pigeon.saidAtTheGate } }),
      params: pigeon.letter,
      isHandshake: true,
      ...(pigeon.isOneFlight && { identity: pigeon }),
      setHeaders: (headers) => void Object.assign(pigeon.note, headers),
      refusal: (error: HankoAuthError) => new PigeonError(error.code),
    };
  },
};

/** The user that each part of the last call was given. */
let users: unknown[] = [];

@Injectable()
class Loft {
  land(user: HankoUser | null, again: HankoUser | null, token: string | null): unknown {
    users = [user, again];
    return user === null ? 'nobody' : { id: user.id, token };
  }

  landOptional(user: HankoUser | null): unknown {
    return user?.id ?? 'nobody';
  }

  landPublic(user: HankoUser | null): unknown {
    return user?.id ?? 'nobody';
  }
}
const parameter =
  (decorator: ParameterDecorator, index: number) =>
  (method: keyof Loft): void =>
    decorator(Loft.prototype, method, index);
parameter(CurrentUser(), 0)('land');
parameter(CurrentUser(), 1)('land');
parameter(SessionToken(), 2)('land');
parameter(CurrentUser(), 0)('landOptional');
parameter(CurrentUser(), 0)('landPublic');
const mark = (method: keyof Loft, decorator: MethodDecorator): void =>
  void decorator(Loft.prototype, method, { value: Loft.prototype[method] });
// Packages find their handlers by decorators of their own.
for (const method of ['land', 'landOptional', 'landPublic'] as const) {
  mark(method, SetMetadata('pigeon:handler', true));
}
mark('landOptional', OptionalAuth());
mark('landPublic', Public());

describe.each(PLATFORMS)('a transport of the app, on %s', (platform) => {
  let hanko: FakeHanko;
  let token: string;
  let userId: string;
  let app: RunningApp;
  let creator: ExternalContextCreator;

  beforeAll(async () => {
    hanko = await FakeHanko.start();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
    @Module({ providers: [Loft], exports: [Loft] })
    class LoftModule {}
    app = await startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          transports: [pigeonTransport],
        }),
        LoftModule,
      ],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });
    creator = app.app.get(ExternalContextCreator);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await hanko.stop();
  });

  /** As a module that brings calls of its own kind into Nest does it. */
  const fly = async (
    method: keyof Loft,
    pigeon: Omit<Pigeon, 'note'> | undefined,
    note: Record<string, string> = {},
  ): Promise<unknown> => {
    const loft = app.app.get(Loft, { strict: false });
    const handler = creator.create(
      loft,
      loft[method] as (...args: unknown[]) => unknown,
      method,
      '__routeArguments__',
      { exchangeKeyForValue: () => undefined },
      undefined,
      undefined,
      { guards: true, filters: false, interceptors: false },
      'pigeon',
    ) as (...args: unknown[]) => Promise<unknown>;
    return handler(pigeon && { ...pigeon, note });
  };

  it('is authenticated by the guard and the parameters: by its header fields', async () => {
    const saidAtTheGate = { authorization: `Bearer ${token}` };

    expect(await fly('land', { saidAtTheGate })).toEqual({ id: userId, token });
  });

  it.each([
    { name: 'token', letter: () => ({ token }) },
    { name: 'authorization', letter: () => ({ authorization: `Bearer ${token}` }) },
    { name: 'Authorization', letter: () => ({ Authorization: `bearer ${token}` }) },
    { name: 'headers', letter: () => ({ headers: { AUTHORIZATION: `Bearer ${token}` } }) },
  ])('is authenticated by what else it says: $name', async ({ letter }) => {
    expect(await fly('land', { letter: letter() })).toEqual({ id: userId, token });
    expect(await fly('landOptional', { letter: letter() })).toBe(userId);
  });

  it.each([
    { name: 'nothing', pigeon: {}, code: 'credentials_missing' },
    {
      name: 'a letter of something else',
      pigeon: { letter: { x: 1 } },
      code: 'credentials_missing',
    },
    { name: 'a letter that is none', pigeon: { letter: 'Bearer' }, code: 'credentials_missing' },
    { name: 'garbage', pigeon: { letter: { token: 'garbage' } }, code: 'token_malformed' },
    {
      name: 'a token that is no text',
      pigeon: { letter: { token: 1 } },
      code: 'token_malformed',
    },
    { name: 'an empty token', pigeon: { letter: { token: '' } }, code: 'token_malformed' },
  ])(
    'is refused in its own way, with the header fields where it wants them: $name',
    async ({ pigeon, code }) => {
      const note: Record<string, string> = {};
      const refusal: unknown = await fly('land', pigeon, note).catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(PigeonError);
      expect(refusal).toMatchObject({ code });
      expect(note['WWW-Authenticate']).toMatch(/^Bearer/);
    },
  );

  it('holds what it says against its header fields', async () => {
    const other = await hanko.token();
    const saidAtTheGate = { authorization: `Bearer ${other}`, cookie: `hanko=${token}` };

    await expect(fly('land', { saidAtTheGate, letter: { token } })).rejects.toMatchObject({
      code: 'credentials_ambiguous',
    });
    await expect(
      fly('land', { saidAtTheGate: { cookie: `hanko=${token}` }, letter: { token: 'garbage' } }),
    ).rejects.toMatchObject({ code: 'token_malformed' });
    expect(await fly('land', { saidAtTheGate: { cookie: `hanko=${token}` } })).toMatchObject({
      id: userId,
    });
  });

  it('says that it opens a connection: a cookie of a foreign site is refused although the method is GET', async () => {
    const saidAtTheGate = {
      cookie: `hanko=${token}`,
      origin: 'https://evil.test',
      host: 'us.test',
    };

    for (const method of ['land', 'landOptional'] as const) {
      await expect(fly(method, { saidAtTheGate })).rejects.toMatchObject({
        code: 'cross_site_request',
      });
    }
  });

  it('is verified once under an identity, and each time without one', async () => {
    await fly('land', { letter: { token }, isOneFlight: true });
    expect(users[0]).toBe(users[1]);

    await fly('land', { letter: { token } });
    expect(users[0]).not.toBe(users[1]);
    expect(users[0]).toEqual(users[1]);
  });

  it('gets no user written on its request: that is for HTTP', async () => {
    const saidAtTheGate = { authorization: `Bearer ${token}` };
    const pigeon = { saidAtTheGate, isOneFlight: true };
    await fly('land', pigeon);

    expect(saidAtTheGate).toEqual({ authorization: `Bearer ${token}` });
    expect(pigeon).not.toHaveProperty('user');
  });

  it('lets everybody in where it is public, and nobody where it does not know the call', async () => {
    expect(await fly('landPublic', { letter: { token: 'garbage' } })).toBe('nobody');
    expect(await fly('landPublic', undefined)).toBe('nobody');
    expect(await fly('landOptional', {})).toBe('nobody');
    for (const method of ['land', 'landOptional'] as const) {
      await expect(fly(method, undefined)).rejects.toMatchObject({ code: 'context_unsupported' });
    }
    expect(app.log.messages('error', 'HankoAuth')).toContainEqual(
      expect.stringMatching(
        /^Loft\.land was called as a "pigeon" handler in a way that shows no request/,
      ),
    );
  });
});
