import { HttpException, type INestApplication, Logger } from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { sendHeaders } from '../auth/send-headers.js';
import { isAuthError } from '../auth/token-authenticator.js';
import { checkedDemands } from '../decorators/require-auth.decorator.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { isLater } from '../now-or-later.js';
import type { RequireAuthOptions } from '../requirements/requirements.js';

/** Middleware of Express and of Nest's Fastify adapter, and an `onRequest` or `preHandler` hook of Fastify. */
export type HankoMiddleware = (
  request: IncomingRequest,
  response: object,
  next: () => void,
) => void;

const NAME = 'hankoMiddleware()';

/**
 * Closes what hangs on the HTTP adapter, where Nest runs no guard: static files, Swagger UI, dashboards,
 * metrics. Call it in `main.ts`, before what it protects:
 * ```ts
 * const app = await NestFactory.create(AppModule);
 * app.use('/queues', hankoMiddleware(app, { mfa: true, claims: { role: 'admin' } }));
 * ```
 * It looks at a request as the guard does, with the same responses and header fields, whatever the method. Who is
 * refused gets that response at once: `next` is not called, so nothing behind it runs, and exception filters of the
 * app do not see it. Who is let in is in `request.user`, and a guard behind it verifies nothing a second time.
 *
 * It covers what is mounted at the same path, and nothing else: see `docs/middleware.md` for paths.
 *
 * @param app the application, whose root module imports HankoModule.
 * @param demands as `@RequireAuth()` takes them. Default: nothing beyond a valid session token.
 * @throws HankoConfigurationError `configuration_invalid`, at once, for a wrong demand, and for an application
 * without HankoModule.
 */
export function hankoMiddleware(
  app: INestApplication,
  demands: RequireAuthOptions = {},
): HankoMiddleware {
  const authenticate = serviceOf(app).authenticatorFor(checkedDemands(demands, NAME), NAME);
  const adapter = app.getHttpAdapter();
  const logger = new Logger('HankoMiddleware');

  return (request, response, next) => {
    const refuse = (error: unknown): void => {
      if (isSent(response)) return;
      if (isAuthError(error)) sendHeaders(response, error.headers);
      if (isAuthError(error) || error instanceof HttpException) {
        adapter.reply(response, error.getResponse(), error.getStatus());
        return;
      }
      logger.error(error);
      adapter.reply(response, { statusCode: 500, message: 'Internal server error' }, 500);
    };
    let found;
    try {
      found = authenticate(request);
    } catch (error) {
      refuse(error);
      return;
    }
    if (isLater(found)) found.then(() => next(), refuse).catch(refuse);
    else next();
  };
}

/** Node's and Express' way to say it, and Fastify's. */
const isSent = ({ headersSent, sent }: { headersSent?: unknown; sent?: unknown }): boolean =>
  headersSent === true || sent === true;

/** @throws HankoConfigurationError */
function serviceOf(app: INestApplication): HankoAuthService {
  if (typeof app?.getHttpAdapter !== 'function') {
    throw fault('takes the application that NestFactory.create() made, before the demands.');
  }
  try {
    return app.get(HankoAuthService, { strict: false });
  } catch {
    throw fault(
      'is used in an application without HankoModule. Import HankoModule.forRoot() once, in the root module.',
    );
  }
}

const fault = (hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: NAME, hint }]);
