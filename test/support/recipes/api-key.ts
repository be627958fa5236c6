import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { HankoAuthError, HankoAuthService, OptionalAuth } from 'nestjs-hanko';
import { ApiKeys } from './api-keys.js';

@Injectable()
export class ApiKeyOrSessionGuard implements CanActivate {
  constructor(
    private readonly hanko: HankoAuthService,
    private readonly keys: ApiKeys,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const key: unknown = http.getRequest().headers['x-api-key'];
    if (typeof key === 'string' && (await this.keys.isValid(key))) return true;
    try {
      await this.hanko.authenticate(context);
      return true;
    } catch (error) {
      if (error instanceof HankoAuthError) {
        const response = http.getResponse();
        for (const [name, value] of Object.entries(error.headers)) response.header(name, value);
      }
      throw error;
    }
  }
}

/** For a class or handler: `@CurrentUser()` is null where an API key opened it. */
export const ApiKeyOrSession = () =>
  applyDecorators(OptionalAuth(), UseGuards(ApiKeyOrSessionGuard));
