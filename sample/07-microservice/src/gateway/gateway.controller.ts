import { Body, Controller, Delete, Get, Post } from '@nestjs/common';
import { SessionToken } from 'nestjs-hanko';
import { BillingClient, NotesClient } from './clients.js';

/**
 * The guard asks here, and each service asks again: the gateway hands on who is calling, never its own word for it.
 * A cookie becomes a bearer token here, where it was asked from which site the request comes.
 */
@Controller()
export class GatewayController {
  constructor(
    private readonly notes: NotesClient,
    private readonly billing: BillingClient,
  ) {}

  @Get('notes')
  list(@SessionToken() token: string) {
    return this.notes.send('notes.list', {}, token);
  }

  @Post('notes')
  add(@SessionToken() token: string, @Body('text') text: unknown) {
    return this.notes.send('notes.add', { text }, token);
  }

  @Delete('notes')
  clear(@SessionToken() token: string) {
    return this.notes.send('notes.clear', {}, token);
  }

  @Get('card')
  card(@SessionToken() token: string) {
    return this.billing.card(token);
  }
}
