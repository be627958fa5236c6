import { Controller, Get } from '@nestjs/common';
import { CurrentUser } from 'nestjs-hanko';
import type { HankoUser } from 'nestjs-hanko';

// `HankoUser` is imported as a type only, as many lint rules ask for.
@Controller('greeting')
export class GreetingController {
  @Get()
  greet(@CurrentUser() user: HankoUser): string {
    return `Hello ${user.email?.address}`;
  }
}
