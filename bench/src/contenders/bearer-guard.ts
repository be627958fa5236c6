import { type CanActivate, type ExecutionContext, UnauthorizedException } from '@nestjs/common';

export interface BearerRequest {
  readonly headers: { readonly authorization?: string };
  user?: { readonly id: string };
}

/** The guard that one writes around a library which verifies a token and knows no requests. */
export abstract class BearerGuard implements CanActivate {
  /** @returns the `sub` of a good token; throws for every other. */
  protected abstract verify(token: string): Promise<string>;

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<BearerRequest>();
    const { authorization } = request.headers;
    if (!authorization?.startsWith('Bearer ')) throw new UnauthorizedException();
    try {
      request.user = { id: await this.verify(authorization.slice('Bearer '.length)) };
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}
