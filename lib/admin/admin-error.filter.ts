import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { HankoUnavailableError } from '../errors/hanko.errors.js';
import { argsOf, grpcStatus, isGrpcMetadata, isRawCall } from '../transports/grpc.js';
import { HttpCall, isRequest } from '../transports/http.js';
import { internalError } from '../transports/unknown-errors.js';
import { HankoAdminError } from './admin-error.js';

/** A line is written once a minute at most: in an outage each request would write one. */
const SAY_AGAIN_MS = 60_000;

/**
 * What becomes of a HankoAdminError that nobody caught: callers learn that Hanko cannot be reached (503), or that something
 * failed (500), and never what. Gateways have no global filters: there Nest says that something failed.
 */
@Catch(HankoAdminError)
export class HankoAdminErrorFilter implements ExceptionFilter<HankoAdminError> {
  private readonly logger = new Logger('HankoAdmin');
  private readonly saidAt = new Map<string, number>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /** @returns undefined where Nest is to do what it does with any error. */
  catch(error: HankoAdminError, host: ArgumentsHost): unknown {
    const refusal = refusalOf(error);
    if (refusal !== null) this.warn(error.message);
    switch (host.getType()) {
      case 'http':
        return this.reply(refusal ?? error, host);
      case 'ws':
        return undefined;
      case 'rpc':
        return refusal === null ? undefined : rpcRefusal(refusal, host);
      default:
        // GraphQL tells callers the message of any error.
        if (refusal === null) this.logger.error(error);
        throw refusal ?? internalError(error);
    }
  }

  private reply(error: HankoAdminError | HankoUnavailableError, host: ArgumentsHost): void {
    const request: unknown = host.getArgByIndex(0);
    if (error instanceof HankoUnavailableError && isRequest(request)) {
      new HttpCall(request, host.getArgByIndex(1)).setHeaders(error.headers);
    }
    const byNest = new BaseExceptionFilter(this.adapterHost.httpAdapter);
    // oxlint-disable-next-line promise/no-promise-in-callback -- it is no promise
    byNest.catch(error, host);
  }

  private warn(line: string): void {
    const now = Date.now();
    if (now - (this.saidAt.get(line) ?? -Infinity) < SAY_AGAIN_MS) return;
    this.saidAt.set(line, now);
    this.logger.warn(`${line} Callers get 503.`);
  }
}

function refusalOf(error: HankoAdminError): HankoUnavailableError | null {
  const { code, message, retryAfterSeconds = 1 } = error;
  if (code !== 'unavailable' && code !== 'limited') return null;
  return new HankoUnavailableError(message, Math.max(1, retryAfterSeconds));
}

/** What a message handler's caller gets; undefined for gRPC's own calls, which have no rxjs. */
function rpcRefusal(refusal: HankoUnavailableError, host: ArgumentsHost): unknown {
  const args = argsOf(host as ExecutionContext);
  if (isRawCall(args)) return undefined;
  const [, metadata] = args;
  const isGrpc = typeof metadata === 'object' && metadata !== null && isGrpcMetadata(metadata);
  return throwError(() => (isGrpc ? grpcStatus(refusal, metadata) : refusal.getResponse()));
}
