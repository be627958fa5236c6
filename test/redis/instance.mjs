// One instance of an app, in a process of its own: what its README says, and nothing more.
import 'reflect-metadata';
import KeyvRedis from '@keyv/redis';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { Keyv } from 'keyv';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { Redis } from 'ioredis';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  hankoSockets,
  Public,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';

const { HANKO_API_URL, REDIS_URL, PORT, ON_UNAVAILABLE, IS_TOLD } = process.env;

// Nobody is left behind when the test ends.
process.once('disconnect', () => process.exit());

class AppController {
  constructor(health) {
    this.health = health;
  }

  me(sessionId) {
    return sessionId;
  }

  report() {
    return this.health.report();
  }
}
const route = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(AppController.prototype, name);
  for (const decorate of decorators) decorate(AppController.prototype, name, descriptor);
};
CurrentUser('sessionId')(AppController.prototype, 'me', 0);
route('me', Get('me'));
route('report', Get('health'), Public());
Inject(HankoHealth)(AppController, undefined, 0);
Controller()(AppController);

class FeedGateway {}
WebSocketGateway()(FeedGateway);

/** A Keyv does not tell: this one publishes what it sets. */
function tellingStore() {
  const keyv = new Keyv(new KeyvRedis(REDIS_URL));
  const [publisher, subscriber] = [new Redis(REDIS_URL), new Redis(REDIS_URL)];
  return {
    getMany: (keys) => keyv.getMany(keys),
    async set(key, value, ttlMs) {
      await keyv.set(key, value, ttlMs);
      await publisher.publish('revocations', JSON.stringify([key, value]));
    },
    on: (event, listener) => keyv.on(event, listener),
    subscribe(listener) {
      void subscriber.subscribe('revocations');
      subscriber.on('message', (_channel, text) => listener(...JSON.parse(text)));
      return () => subscriber.disconnect();
    },
  };
}

class AppModule {}
Module({
  imports: [
    HankoModule.forRoot({
      apiUrl: HANKO_API_URL,
      audience: 'localhost',
      revocation: {
        store: IS_TOLD === 'yes' ? tellingStore() : new Keyv(new KeyvRedis(REDIS_URL)),
        onUnavailable: ON_UNAVAILABLE,
      },
    }),
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
  ],
  controllers: [AppController],
  providers: [FeedGateway, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'fatal'] });
app.useWebSocketAdapter(hankoSockets(app, new WsAdapter(app)));
await app.listen(Number(PORT), '127.0.0.1');
process.send('listening');
