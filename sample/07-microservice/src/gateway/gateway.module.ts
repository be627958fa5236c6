import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ClientsModule } from '@nestjs/microservices';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { BILLING, NOTES } from '../addresses.js';
import { BillingClient, NotesClient } from './clients.js';
import { GatewayController } from './gateway.controller.js';
import { RefusalInterceptor } from './refusal.interceptor.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot(),
    ClientsModule.register([
      { name: 'NOTES', ...NOTES },
      { name: 'BILLING', ...BILLING },
    ]),
  ],
  controllers: [GatewayController],
  providers: [
    NotesClient,
    BillingClient,
    { provide: APP_GUARD, useExisting: HankoAuthGuard },
    { provide: APP_INTERCEPTOR, useClass: RefusalInterceptor },
  ],
})
export class GatewayModule {}
