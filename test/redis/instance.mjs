// One instance of an app, in a process of its own: what its README says, and nothing more.
import 'reflect-metadata';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import KeyvRedis from '@keyv/redis';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { Keyv } from 'keyv';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  hankoSockets,
  Public,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import ts from 'typescript';

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

/** The recipe of docs/connections.md. It is TypeScript, which this Node may not read. */
async function tellingStore() {
  const recipe = fileURLToPath(new URL('../support/recipes/telling-store.ts', import.meta.url));
  const { outputText } = ts.transpileModule(readFileSync(recipe, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const file = new URL(`telling-store.${process.pid}.mjs`, import.meta.url);
  writeFileSync(file, outputText);
  try {
    const { tellingStore: make } = await import(file.href);
    return make(REDIS_URL);
  } finally {
    rmSync(file);
  }
}

class AppModule {}
Module({
  imports: [
    HankoModule.forRoot({
      apiUrl: HANKO_API_URL,
      audience: 'localhost',
      revocation: {
        store: IS_TOLD === 'yes' ? await tellingStore() : new Keyv(new KeyvRedis(REDIS_URL)),
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
