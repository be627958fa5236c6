import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { BILLING, NOTES } from './addresses.js';
import { BillingModule } from './billing/billing.module.js';
import { startDemoHanko } from './demo-hanko.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { NotesModule } from './notes/notes.module.js';

const demo = await startDemoHanko();

// Three apps, in one process for the sake of the sample: they share nothing but addresses.
const notes = await NestFactory.createMicroservice<MicroserviceOptions>(NotesModule, NOTES);
const billing = await NestFactory.createMicroservice<MicroserviceOptions>(BillingModule, BILLING);
await Promise.all([notes.listen(), billing.listen()]);

const gateway = await NestFactory.create(GatewayModule);
await gateway.listen(process.env.PORT ?? 3000, '127.0.0.1');

const url = await gateway.getUrl();
console.log(`The app is at ${url}`);
demo?.printHints(url);
