import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { BillingController } from './billing.controller.js';

@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],
  controllers: [BillingController],
  providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class BillingModule {}
