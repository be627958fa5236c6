import { Controller, Get, NotFoundException, Req } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import {
  CurrentUser,
  HankoAuthService,
  type HankoUser,
  isHankoError,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import { TENANTS, tenantAt } from './tenants.js';

@Controller()
export class TenantController {
  private readonly hankoUrl: string;

  constructor(
    config: ConfigService,
    private readonly hanko: HankoAuthService,
  ) {
    this.hankoUrl = config.getOrThrow('HANKO_API_URL');
  }

  /** What the page must know before anybody signs in. */
  @Public()
  @Get('tenant')
  tenant(@Req() { hostname }: { hostname: string }) {
    const tenant = tenantAt(hostname);
    if (!tenant) throw new NotFoundException();
    return { name: tenant.name, hankoApiUrl: `${this.hankoUrl}/${tenant.id}` };
  }

  @Get('me')
  me(@CurrentUser() user: HankoUser) {
    return user;
  }

  /** What the token is worth with each tenant. It is only here to show it: your app has no such route. */
  @Get('everywhere')
  everywhere(@SessionToken() token: string) {
    return Promise.all(
      TENANTS.map(async ({ id, name, host }) => ({
        name,
        host,
        answer: await this.ask(token, id),
      })),
    );
  }

  private async ask(token: string, tenant: string): Promise<string> {
    try {
      await this.hanko.verifyToken(token, { tenant });
      return 'valid';
    } catch (error) {
      if (isHankoError(error)) return error.code;
      throw error;
    }
  }
}
