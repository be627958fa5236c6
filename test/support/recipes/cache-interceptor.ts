import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Observable, of, tap } from 'rxjs';

/** What `@nestjs/cache-manager` does, as far as keys go: by default the URL, whoever asks. */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  private readonly cache = new Map<string, unknown>();

  @Inject(HttpAdapterHost)
  protected readonly httpAdapterHost!: HttpAdapterHost;

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const key = await this.trackBy(context);
    if (!key) return next.handle();
    if (this.cache.has(key)) return of(this.cache.get(key));
    return next.handle().pipe(tap((value) => this.cache.set(key, value)));
  }

  protected trackBy(
    context: ExecutionContext,
  ): Promise<string | undefined | null> | string | undefined | null {
    const request: object = context.switchToHttp().getRequest();
    return this.httpAdapterHost.httpAdapter.getRequestUrl(request) as string;
  }
}
