import { type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  type HankoModuleOptions,
  hankoSockets,
  type RevocationStore,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import type { HankoSettings } from '../contenders/contender.js';

export const LIBRARIES = ['socket.io', 'ws'] as const;
export type Library = (typeof LIBRARIES)[number];

export const WEBHOOK_PATH = '/webhooks/hanko';

export interface SocketAppSettings {
  readonly library: Library;
  readonly hanko: HankoSettings;
  /** Whether its connections are closed, or only its messages. */
  readonly isClosed: boolean;
  readonly options?: Pick<HankoModuleOptions, 'session' | 'clockToleranceSeconds'>;
  /** Where several instances share their revocations. */
  readonly store?: RevocationStore;
}

/** Answers in the same way in both libraries, which take a return value differently. */
@WebSocketGateway()
export class MeGateway {
  @SubscribeMessage('me')
  me(@CurrentUser('id') id: string) {
    return { event: 'me', data: id };
  }
}

class SocketModule {}

/** An app with a gateway. It does not listen yet. */
export async function createSocketApp(
  { library, hanko, isClosed, options, store }: SocketAppSettings,
  gateway: Type = MeGateway,
): Promise<INestApplication> {
  const { apiUrl, issuer, audience } = hanko;
  const revocation = store === undefined ? {} : { revocation: { store } };
  const module: DynamicModule = {
    module: SocketModule,
    imports: [
      HankoModule.forRoot({ apiUrl, issuer, audience, ...options, ...revocation }),
      HankoWebhooksModule.forRoot({ path: WEBHOOK_PATH }),
    ],
    providers: [gateway, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
  };
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), {
    // One warns of connections that anybody may open, if that is what is measured.
    logger: isClosed ? ['error', 'warn'] : ['error'],
    abortOnError: false,
  });
  // What the receiver of webhooks takes, which it asks for at the start.
  app.useBodyParser('json', { limit: 262_144 });
  const adapter = library === 'ws' ? new WsAdapter(app) : new IoAdapter(app);
  app.useWebSocketAdapter(isClosed ? hankoSockets(app, adapter) : adapter);
  return app;
}
