import type { ExecutionContext } from '@nestjs/common';
import * as nest from '../discovery/nest-metadata.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import {
  argsOf,
  endRawCall,
  streamOf,
  type GrpcMetadata,
  grpcStatus,
  isGrpcMetadata,
  isRawCall,
} from './grpc.js';
import type { ExceptionOf } from './nest-exceptions.js';
import { requestIn } from './rpc-metadata.js';
import type { HankoCall, HankoTransport } from './transport.js';
import { isObject } from '../util/value-checks.js';

/** Messages of microservices, and gRPC calls. */
export class RpcTransport implements HankoTransport {
  readonly type = 'rpc';

  constructor(private readonly exceptionOf: ExceptionOf) {}

  open(context: ExecutionContext): HankoCall {
    const rpc = callerIn(argsOf(context));
    const request = rpc && requestIn(rpc);
    return {
      ...(request === undefined ? { unsupported: NO_METADATA } : { request }),
      // Servers of Nest and of gRPC make it for one message, and no field of a message reaches another one's.
      ...(rpc && { identity: rpc }),
      ...streamOf(context),
      isUnanswered: this.isUnanswered(context),
      refusal: (error) => this.refusal(error, context),
    };
  }

  isUnanswered(context: ExecutionContext): boolean {
    return nest.metadata(nest.PATTERN_HANDLER, context.getHandler()) === nest.EVENT_HANDLER;
  }

  private refusal(error: HankoAuthError, context: ExecutionContext): unknown {
    // Nobody can be told. Nest 12 would write a line for each RpcException of an event: a way to flood the log.
    if (this.isUnanswered(context)) return error;
    const args = argsOf(context);
    const rpc = callerIn(args);
    if (rpc === undefined || !isGrpcMetadata(rpc)) {
      return this.exceptionOf({ ...(error.getResponse() as object) }, error);
    }
    const status = grpcStatus(error, rpc);
    return isRawCall(args) ? endRawCall(args, status) : this.exceptionOf(status, error);
  }
}

/** What a handler is given beside the payload, which callers write. */
function callerIn(
  args: readonly unknown[],
): Readonly<Record<string, unknown>> | GrpcMetadata | undefined {
  if (isRawCall(args)) return args[0].metadata;
  return isObject(args[1]) ? args[1] : undefined;
}

const NO_METADATA =
  'its message shows no metadata of the caller. Over TCP and Redis, Nest 11 has none: move to Nest 12, or give ' +
  "HankoModule.forRoot() a transport that finds the token in the payload: transports: [{ type: 'rpc', open: (context) => " +
  '({ params: { token } }) }].';
