import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { AppController } from './app.controller';
import { AppService } from './app.service';
import { GreetingController } from './greeting.controller';
import { MeController } from './me.controller';

@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],
  controllers: [AppController, GreetingController, MeController],
  providers: [AppService, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}
