import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { NotesController } from './notes.controller.js';
import { TenantController } from './tenant.controller.js';
import { TENANTS, tenantAt } from './tenants.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot({
      tenants: {
        // By the host name, as the app routes. Never by the token: whoever made it would choose its keys.
        resolve: ({ hostname }) => tenantAt(hostname)?.id,
        // Its Hanko is `${HANKO_API_URL}/${id}`. Here a database may be asked: the answer is kept for a minute.
        trust: (id) => {
          const tenant = TENANTS.find((known) => known.id === id);
          return tenant ? { audience: tenant.host } : null;
        },
      },
    }),
    // Each tenant's Hanko posts to the path that ends in its id, and can end sessions of that tenant only.
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko/:tenant' }),
  ],
  controllers: [NotesController, TenantController],
  providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}
