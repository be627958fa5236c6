import { Body, Controller, Get, Post } from '@nestjs/common';
import { CurrentTenant, CurrentUser, type HankoUser } from 'nestjs-hanko';

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
  list(@CurrentTenant() tenantId: string): readonly Note[] {
    return this.notes.get(tenantId) ?? [];
  }

  @Post()
  add(
    @CurrentTenant() tenantId: string,
    @CurrentUser() user: HankoUser,
    @Body('text') text: unknown,
  ): readonly Note[] {
    const note = { by: user.email?.address ?? user.id, text: String(text).slice(0, 500) };
    const notes = [...this.list(tenantId), note].slice(-100);
    this.notes.set(tenantId, notes);
    return notes;
  }
}
