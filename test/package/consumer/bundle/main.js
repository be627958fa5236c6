// The entry of an ES module bundle. Nest looks for its HTTP driver in node_modules at run time,
// which a bundle does not have: so the driver is named here, as without nestjs-hanko.
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, new ExpressAdapter());
await app.listen(process.env.PORT ?? 3000);
