import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { Chat } from './chat.js';

const chat = new Chat(); // one for all apps of this process: what is said by socket.io is heard by ws

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot(),
    // Hanko posts here when a session ends: so do the sockets that it opened.
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
  ],
  providers: [
    { provide: Chat, useValue: chat },
    // Every message is checked. On Nest 11 gateways need @UseGuards(HankoAuthGuard) on their class.
    { provide: APP_GUARD, useExisting: HankoAuthGuard },
  ],
})
export class AppModule {
  /** An app has one WebSocket library. Yours lists its gateways above. */
  static withGateway(gateway: Type): DynamicModule {
    return { module: AppModule, providers: [gateway] };
  }
}
