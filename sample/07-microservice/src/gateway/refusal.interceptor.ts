import { type ServiceError, status } from '@grpc/grpc-js';
import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, type Observable } from 'rxjs';

/** What nestjs-hanko answers over HTTP: a page that calls the gateway knows no other form. */
interface Body {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
}

const HTTP_STATUS: Readonly<Record<number, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.UNAVAILABLE]: 503,
};

/**
 * Turns what a service refused into the response that its caller would have had over HTTP. What the guard of the
 * gateway refuses is that already, and does not come here.
 */
@Injectable()
export class RefusalInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((thrown: unknown) => {
        const body = overTcp(thrown) ?? overGrpc(thrown);
        if (!body) throw thrown;
        if (body.statusCode === 401) {
          const [challenge = 'Bearer'] = trailer(thrown, 'www-authenticate');
          context.switchToHttp().getResponse().set('WWW-Authenticate', challenge);
        }
        throw new HttpException(body, body.statusCode);
      }),
    );
  }
}

/** Over TCP the body arrives as it is. Left alone, Nest would answer without its code. */
function overTcp(thrown: unknown): Body | undefined {
  const { statusCode, code, message } = Object(thrown) as Partial<Body>;
  const isBody =
    !(thrown instanceof Error) &&
    Object.values(HTTP_STATUS).includes(Number(statusCode)) &&
    [code, message].every((text) => typeof text === 'string');
  return isBody ? (thrown as Body) : undefined;
}

/** gRPC has a status, the code as its details, and header fields as trailers. */
function overGrpc(thrown: unknown): Body | undefined {
  const { code: grpcCode, details: code = '' } = Object(thrown) as Partial<ServiceError>;
  const statusCode = HTTP_STATUS[Number(grpcCode)];
  // gRPC itself says UNAVAILABLE, too, in a sentence.
  if (!(thrown instanceof Error) || !statusCode || !/^[a-z_]+$/.test(code)) return undefined;
  return { statusCode, code, message: 'A service has refused this' };
}

const trailer = (thrown: unknown, name: string): readonly string[] =>
  thrown instanceof Error ? ((thrown as ServiceError).metadata?.get(name).map(String) ?? []) : [];
