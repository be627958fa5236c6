import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { HankoAdminModule } from 'nestjs-hanko/admin';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { AuditLogsController } from './audit-logs.controller.js';
import { LiveGateway } from './live.gateway.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot(),
    // Provides HankoAdmin. A session that it ends is refused here at once, and its sockets close.
    HankoAdminModule.forRoot(),
    // Sessions that end elsewhere: Hanko posts here, if it is configured to.
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
  ],
  controllers: [UsersController, AuditLogsController],
  providers: [LiveGateway, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}
