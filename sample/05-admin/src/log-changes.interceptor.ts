import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request } from 'express';
import { HankoAuthService } from 'nestjs-hanko';
import { tap } from 'rxjs';

/** Who did what. Hanko's audit log does not know: to Hanko all that comes from here is one and the same back end. */
@Injectable()
export class LogChanges implements NestInterceptor {
  private readonly logger = new Logger('Administration');

  constructor(private readonly auth: HankoAuthService) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const { method, path } = context.switchToHttp().getRequest<Request>();
    if (method === 'GET') return next.handle();
    const { id } = await this.auth.authenticate(context); // again what the guard found
    const log = (outcome: string) => this.logger.log(`${id}: ${method} ${path} ${outcome}`);
    return next.handle().pipe(tap({ complete: () => log('done'), error: () => log('failed') }));
  }
}
