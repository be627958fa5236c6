import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { CurrentUser, HankoAuthGuard, type HankoUser } from 'nestjs-hanko';

@Controller('notes')
@UseGuards(HankoAuthGuard)
export class NotesController {
  private readonly notes = new Map<string, string[]>();

  @Get()
  list(@CurrentUser() user: HankoUser) {
    return { owner: user.email?.address, notes: this.notes.get(user.id) ?? [] };
  }

  @Post()
  add(@CurrentUser('id') userId: string, @Body('text') text: unknown) {
    this.notes.set(userId, [...(this.notes.get(userId) ?? []), String(text)].slice(-100));
    return { added: true };
  }
}
