import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { startDemoHanko } from './demo-hanko.js';

const demo = await startDemoHanko();

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.setGlobalPrefix('api');
// Webhooks may be larger than the 100 kB that Express takes by default.
app.useBodyParser('json', { limit: 262_144 });
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');

const url = await app.getUrl();
console.log(`The app is at ${url}/api`);
demo?.printHints(new URL(url).port);
