import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { hankoSockets } from 'nestjs-hanko';
import { AppModule } from './app.module.js';
import { startDemoHanko } from './demo-hanko.js';
import { SocketIoGateway } from './socket-io.gateway.js';
import { WsGateway } from './ws.gateway.js';

const demo = await startDemoHanko();

const isWs = process.env.SOCKETS !== 'socket.io';
const module = AppModule.withGateway(isWs ? WsGateway : SocketIoGateway);
const app = await NestFactory.create<NestExpressApplication>(module);
// Nobody connects without a session, and a connection ends with the session that opened it.
app.useWebSocketAdapter(hankoSockets(app, isWs ? new WsAdapter(app) : new IoAdapter(app)));
// Webhooks may be larger than the 100 kB that Express takes by default.
app.useBodyParser('json', { limit: 262_144 });
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');

const url = await app.getUrl();
console.log(`The app is at ${url}, over ${isWs ? 'ws' : 'socket.io'}`);
demo?.printHints(url, isWs);
