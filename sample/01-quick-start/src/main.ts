import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import cookieParser from 'cookie-parser';
import { AppModule } from './app.module.js';
import { startDemoHanko } from './demo-hanko.js';

const demo = await startDemoHanko();

const app = await NestFactory.create(AppModule);
app.use(cookieParser());
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');

const url = await app.getUrl();
console.log(`The app is at ${url}`);
demo?.printHints(url);
