import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { NotesController } from './notes.controller.js';

@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],
  controllers: [NotesController],
  providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class NotesModule {}
