import { HttpException, type INestApplication, Logger } from '@nestjs/common';
import type { Wanted } from '../auth/call-authenticator.js';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { isAuthError } from '../auth/token-authenticator.js';
import { checkedDemands } from '../decorators/require-auth.decorator.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { acceptWarningOf } from '../options/accept-warning.js';
import { HttpCall } from '../transports/http.js';
import { isPromise } from '../util/maybe-promise.js';
import type { RequireAuthOptions } from '../auth/require-auth-options.js';

/** Middleware of Express and of Nest's Fastify adapter, and an `onRequest` or `preHandler` hook of Fastify. */
export type HankoMiddleware = (
  request: IncomingRequest,
  response: object,
  next: () => void,
) => void;

const NAME = 'hankoMiddleware()';
const logger = new Logger('HankoMiddleware');

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
 * It covers what is mounted at the same path, and nothing else: `docs/outside-handlers.md` says more of paths.
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
  const service = serviceOf(app);
  const checked = checkedDemands(demands, NAME);
  const wanted = service.wantedBy(checked, NAME);
  const warning = acceptWarningOf(NAME, checked.session);
  if (warning !== null) logger.warn(warning);
  return new Entrance(service, wanted, app.getHttpAdapter()).handle;
}

/** One place that middleware closes. */
class Entrance {
  constructor(
    private readonly service: HankoAuthService,
    private readonly wanted: Wanted,
    private readonly adapter: ReturnType<INestApplication['getHttpAdapter']>,
  ) {}

  readonly handle: HankoMiddleware = (request, response, proceed) => {
    const refuse = (error: unknown): void => this.refuse(response, error);
    let found;
    try {
      found = this.service.authenticateCall(new HttpCall(request, response), this.wanted);
    } catch (error) {
      refuse(error);
      return;
    }
    if (isPromise(found)) found.then(() => proceed()).catch(refuse);
    else proceed();
  };

  /** As Nest answers what a guard throws. */
  private refuse(response: object, error: unknown): void {
    if (isSent(response)) return;
    if (isAuthError(error) || error instanceof HttpException) {
      this.adapter.reply(response, error.getResponse(), error.getStatus());
      return;
    }
    logger.error(error);
    this.adapter.reply(response, { statusCode: 500, message: 'Internal server error' }, 500);
  }
}

/** Node's and Express' way to say it, and Fastify's. */
const isSent = ({ headersSent, sent }: { headersSent?: unknown; sent?: unknown }): boolean =>
  headersSent === true || sent === true;

/** @throws HankoConfigurationError */
function serviceOf(app: INestApplication): HankoAuthService {
  if (typeof app?.getHttpAdapter !== 'function') {
    throw fault('takes the application that NestFactory.create() returned as its first argument.');
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
