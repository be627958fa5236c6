import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FakeHanko } from 'fake-hanko';
import {
  HankoAuthGuard,
  HankoAuthService,
  HankoHealth,
  HankoLiveSessions,
  HankoModule,
  HankoRevocation,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PlainController, send } from '../../support/app.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

/** The names of classes whose methods were called. */
const called = new Set<string>();

/** Wraps a provider as agents do that trace Nest from the inside, such as @nestjs/observe. */
function instanceDecorator(instance: unknown): unknown {
  // What has internal slots, such as Nest's own ModulesContainer, cannot be wrapped.
  if (typeof instance !== 'object' || instance === null || instance instanceof Map) return instance;
  return new Proxy(instance, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      const { writable, configurable } = Object.getOwnPropertyDescriptor(target, key) ?? {};
      if (typeof value !== 'function' || key === 'constructor') return value;
      if (writable === false && configurable === false) return value;
      return function wrapped(this: unknown, ...args: unknown[]): unknown {
        called.add(target.constructor.name);
        return Reflect.apply(value, this, args);
      };
    },
  });
}

describe('an app whose providers are all wrapped in proxies', () => {
  it('authenticates, revokes, receives webhooks, ends connections and reports its health', async () => {
    @Module({
      imports: [
        HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', session: 'online' }),
        HankoWebhooksModule.forRoot({ path: 'hook' }),
      ],
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    })
    class AppModule {}
    const instrument = { instanceDecorator };
    const app = await NestFactory.create(AppModule, {
      logger: false,
      abortOnError: false,
      instrument,
    });
    await app.listen(0, '127.0.0.1');
    try {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const get = (headers = {}) => send(`http://127.0.0.1:${port}/plain`, headers);
      const token = await hanko.token();
      expect((await get(bearer(token))).text).toBe('plain');
      expect(await get()).toBeRefused('credentials_missing');
      expect(await get(bearer('garbage'))).toBeRefused('token_malformed');

      const user = await app.get(HankoAuthService).verifyToken(token);
      const signal = app.get(HankoLiveSessions).signal(user);
      expect(app.get(HankoHealth).report()).toMatchObject({
        status: 'up',
        connections: { watched: 1 },
      });
      const event = 'session.delete.explicit.logout';
      const hook = await send(
        `http://127.0.0.1:${port}/hook`,
        { 'Content-Type': 'application/json' },
        {
          method: 'POST',
          body: JSON.stringify({
            event,
            token: await hanko.webhookToken(event, { id: user.sessionId, user_id: user.id }),
          }),
        },
      );
      expect(hook.status).toBe(200);
      expect(signal.aborted).toBe(true);
      expect(await get(bearer(token))).toBeRefused('session_revoked');
      expect(app.get(HankoRevocation).isKnownOf(user)).toBe(true);
    } finally {
      await app.close();
    }
    expect([...called]).toEqual(
      expect.arrayContaining(['HankoAuthGuard', 'HankoAuthService', 'WebhookReceiver']),
    );
  });
});
