import { Controller, Get } from '@nestjs/common';
import { CurrentUser, HankoUser } from 'nestjs-hanko';

// `HankoUser` is imported as a value: decorator metadata refers to it at run time.
@Controller('me')
export class MeController {
  @Get()
  me(@CurrentUser() user: HankoUser): HankoUser {
    return user;
  }

  @Get('id')
  id(@CurrentUser('id') id: string): string {
    return id;
  }
}
