import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { CurrentUser, RequireAuth } from 'nestjs-hanko';

/** What a caller says of itself in the payload counts for nothing: who it is stands in its token. */
@Controller()
export class NotesController {
  private readonly notes = new Map<string, string[]>();

  @MessagePattern('notes.list')
  list(@CurrentUser('id') userId: string) {
    return this.notes.get(userId) ?? [];
  }

  @MessagePattern('notes.add')
  add(@CurrentUser('id') userId: string, @Payload('text') text: unknown) {
    this.notes.set(userId, [...this.list(userId), String(text)].slice(-100));
    return { added: true };
  }

  /** Only after a login that was just made. In your app rather 300 than 60. */
  @RequireAuth({ maxAgeSeconds: 60 })
  @MessagePattern('notes.clear')
  clear(@CurrentUser('id') userId: string) {
    return { cleared: this.notes.delete(userId) };
  }
}
