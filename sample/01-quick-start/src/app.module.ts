import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { HankoModule } from 'nestjs-hanko';
import { AppController } from './app.controller.js';
import { NotesController } from './notes.controller.js';

@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot()],
  controllers: [AppController, NotesController],
})
export class AppModule {}
