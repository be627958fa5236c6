import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { hankoSockets } from 'nestjs-hanko';
import { AppModule } from './app.module.js';
import { startDemoHanko } from './demo-hanko.js';

const demo = await startDemoHanko();

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.setGlobalPrefix('admin/api');
// A connection ends with the session that opened it.
app.useWebSocketAdapter(hankoSockets(app, new WsAdapter(app)));
// Webhooks may be larger than the 100 kB that Express takes by default.
app.useBodyParser('json', { limit: 262_144 });
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');

const url = await app.getUrl();
console.log(`The app is at ${url}/admin/api`);
demo?.printHints(`${url}/admin/api`);
