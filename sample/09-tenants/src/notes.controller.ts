import { Body, Controller, Get, Post } from '@nestjs/common';
import { CurrentUser, type HankoUser } from 'nestjs-hanko';

interface Note {
  readonly by: string;
  readonly text: string;
}

/** What a tenant's users write for each other. */
@Controller('notes')
export class NotesController {
  /** By tenant: whatever an app keeps belongs to one. In a database it is a column of each table. */
  private readonly notes = new Map<string, readonly Note[]>();

  @Get()
  list(@CurrentUser() user: HankoUser): readonly Note[] {
    return this.notes.get(tenantOf(user)) ?? [];
  }

  @Post()
  add(@CurrentUser() user: HankoUser, @Body('text') text: unknown): readonly Note[] {
    const note = { by: user.email?.address ?? user.id, text: String(text).slice(0, 500) };
    const notes = [...this.list(user), note].slice(-100);
    this.notes.set(tenantOf(user), notes);
    return notes;
  }
}

/** Always there in an app with tenants. */
const tenantOf = ({ tenantId = '' }: HankoUser): string => tenantId;
