import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  type HankoModuleOptions,
  HankoUser,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJws, type RawResponse, send } from '../../fake-hanko/test/support/raw-http.js';
import {
  bearer,
  cookie,
  type HankoClient,
  outcome,
  sessionIdOf,
  spoil,
  unique,
} from '../../fake-hanko/test/contract/client.js';

@Controller()
class WhoController {
  @Get('who')
  @UseGuards(HankoAuthGuard)
  who(@CurrentUser() user: HankoUser): HankoUser {
    return user;
  }
}

type Headers = Readonly<Record<string, string>>;

async function startApp(options: HankoModuleOptions) {
  @Module({ imports: [HankoModule.forRoot(options)], controllers: [WhoController] })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app: INestApplication = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/who`;
  return {
    ask: (headers: Headers): Promise<RawResponse> => send({ url, headers }),
    close: () => app.close(),
  };
}

type App = Awaited<ReturnType<typeof startApp>>;

/** What the server issues, as an app with HankoModule sees it. */
export function nestApp(hanko: HankoClient): void {
  describe('an app with HankoModule', () => {
    let app: App;
    beforeAll(async () => {
      app = await startApp({ apiUrl: hanko.url, audience: null });
    });
    afterAll(() => app.close());

    const refused = async (answer: Promise<RawResponse>) => {
      const { status, body } = await answer;
      return { status, code: (body as { code?: unknown }).code };
    };

    it.each([true, false])('sees the user, address verified: %s', async (isVerified) => {
      const user = await hanko.createUserWithEmail(isVerified);
      const token = await hanko.createSession(user);
      const { claims } = decodeJws(token);
      const seen = {
        status: 200,
        body: {
          id: user.id,
          sessionId: sessionIdOf(token),
          email: { address: user.emails?.[0]?.address, isPrimary: true, isVerified },
          amr: [],
          authenticatedAt: new Date(Number(claims.iat) * 1000).toISOString(),
          expiresAt: new Date(Number(claims.exp) * 1000).toISOString(),
          claims,
        },
      };
      expect(outcome(await app.ask(bearer(token)))).toEqual(seen);
      expect(outcome(await app.ask(cookie(token)))).toEqual(seen);
    });

    it('sees the user who has a name only', async () => {
      const user = await hanko.createUser({ username: unique() });
      const { status, body } = await app.ask(bearer(await hanko.createSession(user)));
      expect(status).toBe(200);
      expect(body).toMatchObject({ id: user.id, username: user.username?.username });
      expect(body).not.toHaveProperty('email');
    });

    it('refuses who brings nothing, garbage or a spoilt token', async () => {
      const { token } = await hanko.login();
      expect(await refused(app.ask({}))).toEqual({ status: 401, code: 'credentials_missing' });
      const spoilt = spoil(token);
      expect(Object.keys(spoilt)).toHaveLength(6);
      for (const bad of ['garbage', ...Object.values(spoilt)]) {
        for (const headers of [bearer(bad), cookie(bad)]) {
          expect(await refused(app.ask(headers))).toEqual({
            status: 401,
            code: expect.stringMatching(/^token_/) as unknown,
          });
        }
      }
      expect((await app.ask(bearer(token))).status).toBe(200);
    });

    it('checks locally: a token outlives its session, which is the documented trade', async () => {
      const { user, token } = await hanko.login();
      const loggedOut = await hanko.createSession(user);
      const orphan = await hanko.createSession(user);
      await hanko.admin('DELETE', `/users/${user.id}/sessions/${sessionIdOf(token)}`);
      await hanko.public('POST', '/logout', { headers: bearer(loggedOut) });
      await hanko.deleteUser(user);
      for (const ended of [token, loggedOut, orphan]) {
        expect(await hanko.isAlive(ended)).toBe(false);
        expect((await app.ask(bearer(ended))).status).toBe(200);
      }
    });

    it('accepts the right audience and refuses a wrong one', async () => {
      const { token } = await hanko.login();
      const [audience] = decodeJws(token).claims.aud as readonly [string];
      const right = await startApp({
        apiUrl: hanko.url,
        audience: ['other.example.test', audience],
      });
      const wrong = await startApp({ apiUrl: hanko.url, audience: 'other.example.test' });
      try {
        expect((await right.ask(bearer(token))).status).toBe(200);
        expect(await refused(wrong.ask(bearer(token)))).toEqual({
          status: 401,
          code: 'token_audience_mismatch',
        });
      } finally {
        await Promise.all([right.close(), wrong.close()]);
      }
    });
  });
}
