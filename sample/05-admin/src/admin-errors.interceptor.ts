import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { HankoAdminError, type HankoAdminErrorCode } from 'nestjs-hanko/admin';
import { catchError } from 'rxjs';

const STATUSES: Partial<Record<HankoAdminErrorCode, number>> = {
  not_found: 404,
  conflict: 409,
  invalid: 422,
};

/**
 * Here a user whom Hanko does not have is one whom the caller named, so they get 404, and administrators may read Hanko's reasons.
 * All else is trouble of the app's own: 503 while Hanko cannot be reached, or 500.
 */
@Injectable()
export class AdminErrors implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      catchError((error: unknown) => {
        throw inOurWords(error);
      }),
    );
  }
}

function inOurWords(error: unknown) {
  const statusCode = error instanceof HankoAdminError ? STATUSES[error.code] : undefined;
  if (statusCode === undefined) return error;
  const { code, reason, message } = error as HankoAdminError;
  return new HttpException({ statusCode, code, message: reason ?? message }, statusCode);
}
