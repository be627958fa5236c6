import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { CurrentUser, RequireAuth } from 'nestjs-hanko';

@Controller()
export class BillingController {
  /** Only for those who signed in with a second factor, or with a passkey. */
  @RequireAuth({ mfa: true })
  @GrpcMethod('Billing', 'Card')
  card(@CurrentUser('id') customer: string) {
    return { customer, card: '•••• 4242' };
  }
}
