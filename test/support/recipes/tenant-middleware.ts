import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { HankoAuthService, type IncomingRequest } from 'nestjs-hanko';

export const tenant = new AsyncLocalStorage<string>();

@Injectable()
export class TenantMiddleware implements NestMiddleware {
  constructor(private readonly hanko: HankoAuthService) {}

  async use(request: IncomingRequest, _response: unknown, next: () => void) {
    const user = await this.hanko.authenticate(request, { optional: true });
    tenant.run(user?.id ?? 'anonymous', next); // the guard does not verify again
  }
}
