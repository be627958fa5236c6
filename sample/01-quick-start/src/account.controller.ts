import { Controller, Get } from '@nestjs/common';
import { CurrentUser, type HankoUser, RequireAuth } from 'nestjs-hanko';

/** What is worth more than the rest: whoever finds an unlocked screen shall not have it. */
@Controller('account')
export class AccountController {
  /** Only after a login that was just made. In your app rather 300 than 60. */
  @RequireAuth({ maxAgeSeconds: 60 })
  @Get('export')
  export(@CurrentUser() user: HankoUser) {
    return { everythingAbout: user.email?.address, signedInAt: user.authenticatedAt };
  }

  /** Only for those who signed in with a second factor, or with a passkey. */
  @RequireAuth({ mfa: true })
  @Get('billing')
  billing(@CurrentUser('id') userId: string) {
    return { customer: userId, card: '•••• 4242' };
  }
}
