import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HankoAuthService } from 'nestjs-hanko';
import { CacheInterceptor } from './cache-interceptor.js';

@Injectable()
export class UserCacheInterceptor extends CacheInterceptor {
  @Inject(HankoAuthService)
  private readonly hanko!: HankoAuthService;

  protected override async trackBy(context: ExecutionContext) {
    const key = await super.trackBy(context);
    if (!key) return undefined;
    const user = await this.hanko.authenticate(context, { optional: true });
    return `${user?.id ?? 'anonymous'} ${key}`;
  }
}
