import { Controller, Get, UseGuards } from '@nestjs/common';
import { CurrentUser, HankoAuthGuard, type HankoUser, OptionalAuth, Public } from 'nestjs-hanko';

@Controller()
@UseGuards(HankoAuthGuard)
export class AppController {
  /** Open to everyone, and answers also while Hanko is down. */
  @Public()
  @Get()
  home() {
    return { message: 'Anyone may read this' };
  }

  /** Open to everyone, and knows who is signed in. */
  @OptionalAuth()
  @Get('greeting')
  greeting(@CurrentUser() user: HankoUser | null) {
    return { message: `Hello ${user?.email?.address ?? 'stranger'}` };
  }

  /** Only for those who are signed in: everything their token says. */
  @Get('me')
  me(@CurrentUser() user: HankoUser) {
    return user;
  }
}
