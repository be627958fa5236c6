import { Body, Controller, Get, Injectable, type PipeTransform, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import {
  CurrentUser,
  type HankoClaims,
  HankoModule,
  HankoUser,
  type HankoUserEmail,
  OptionalAuth,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import type { HankoUser as ImportedAsType } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { claimsIn } from './claims-in.js';

export let hanko: FakeHanko;
export let token: string;
export let expected: HankoUser;

export const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });

/** What handlers were given, as they were given it: JSON would hide a lost class or Date. */
export const seen: unknown[] = [];

export const see = (...values: unknown[]): { isSeen: true } => {
  seen.push(...values);
  return { isSeen: true };
};

@Injectable()
class UpperCasePipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

class AddressPipe implements PipeTransform<HankoUser, string | undefined> {
  transform(user: HankoUser): string | undefined {
    return user.email?.address;
  }
}

class NoteDto {
  @IsString()
  text!: string;
}

/** No guard anywhere: the parameters do it alone. */
@Controller()
export class ParametersController {
  @Get('whole')
  whole(@CurrentUser() user: HankoUser) {
    return see(user);
  }

  @Get('imported-as-type')
  importedAsType(@CurrentUser() user: ImportedAsType) {
    return see(user);
  }

  @Get('or-null')
  orNull(@CurrentUser() user: HankoUser | null) {
    return see(user);
  }

  @Get('keys')
  keys(
    @CurrentUser('id') id: string,
    @CurrentUser('sessionId') sessionId: string,
    @CurrentUser('email') email: HankoUserEmail | undefined,
    @CurrentUser('username') username: string | undefined,
    @CurrentUser('amr') amr: readonly string[],
    @CurrentUser('authenticatedAt') authenticatedAt: Date,
    @CurrentUser('expiresAt') expiresAt: Date,
    @CurrentUser('claims') claims: HankoClaims,
  ) {
    return see(id, sessionId, email, username, amr, authenticatedAt, expiresAt, claims);
  }

  @Get('lax-types')
  laxTypes(
    @CurrentUser('amr') amr: string[],
    @CurrentUser('claims') claims: object,
    @CurrentUser('id') id: unknown,
  ) {
    return see(amr, claims, id);
  }

  @Get('token')
  token(@SessionToken() sessionToken: string) {
    return see(sessionToken);
  }

  @Get('both')
  both(
    @CurrentUser() user: HankoUser,
    @SessionToken() sessionToken: string,
    @CurrentUser('id') id: string,
  ) {
    return see(user, sessionToken, id);
  }

  @Get('pipes')
  pipes(
    @CurrentUser('username', UpperCasePipe) upper: string,
    @CurrentUser(AddressPipe) address: string,
    @CurrentUser(new AddressPipe(), new UpperCasePipe()) upperAddress: string,
  ) {
    return see(upper, address, upperAddress);
  }

  @Post('note')
  note(@Body() note: NoteDto, @CurrentUser() user: HankoUser) {
    return see(note.text, user);
  }
}

@Controller('anonymous')
export class AnonymousController {
  @Public()
  @Get('public')
  open(
    @CurrentUser() user: HankoUser | null,
    @CurrentUser('id') id: string | null,
    @SessionToken() sessionToken: string | null,
  ) {
    return see(user, id, sessionToken);
  }

  @OptionalAuth()
  @Get('optional')
  optional(
    @CurrentUser() user: HankoUser | null,
    @CurrentUser('id') id: string | null,
    @SessionToken() sessionToken: string | null,
  ) {
    return see(user, id, sessionToken);
  }
}

export const CLOSED = [
  '/whole',
  '/imported-as-type',
  '/or-null',
  '/keys',
  '/token',
  '/both',
  '/pipes',
];

/** To be called once in a file of tests. */
export function useParametersHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    const user = hanko.createUser({ email: 'ada@example.test', username: 'ada' });
    token = await hanko.token({ user, amr: ['pwd', 'totp'], claims: { tier: { name: 'gold' } } });
    expected = new HankoUser(claimsIn(token));
  });
  afterAll(() => hanko.stop());
  beforeEach(() => {
    seen.length = 0;
  });
}
