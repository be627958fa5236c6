import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { HankoModule } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { AccountController } from './account.controller.js';
import { AppController } from './app.controller.js';
import { NotesController } from './notes.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot(),
    // Hanko posts here when a session ends, if it is configured to: its token is refused at once.
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
  ],
  controllers: [AccountController, AppController, NotesController],
})
export class AppModule {}
