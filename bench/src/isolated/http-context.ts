import type { ExecutionContext } from '@nestjs/common';
import type { Credential } from '../contenders/contender.js';

class NotesController {
  list(this: void): void {}
}

/** Requests of Node, Express and Fastify are objects of a class. */
class IncomingRequest {
  readonly method = 'GET';
  readonly url = '/notes';

  constructor(
    readonly headers: Readonly<Record<string, string>>,
    readonly rawHeaders: readonly string[],
  ) {}
}

/** Of an Express or Fastify response, what guards touch. */
const response = { header: () => response, setHeader: () => response };

/** A request to an unmarked handler: of what Nest hands to a guard, what guards ask for. */
function contextOf(request: object): ExecutionContext {
  const http = { getRequest: () => request, getResponse: () => response };
  const context = {
    getType: () => 'http',
    getClass: () => NotesController,
    getHandler: () => NotesController.prototype.list,
    getArgs: () => [request, response],
    getArgByIndex: (index: number) => [request, response][index],
    switchToHttp: () => http,
  };
  return context as unknown as ExecutionContext;
}

/** The field that names the tenant, in an app with tenants. */
export const TENANT = 'x-tenant';

/** A new request. Its texts are new too, as those from a socket: nothing remembers their hash. */
export function contextWith(
  credential: Credential,
  token: string | null,
  tenant?: string,
): ExecutionContext {
  const headers: Record<string, string> = { host: '127.0.0.1:3000', connection: 'keep-alive' };
  const rawHeaders = ['Host', '127.0.0.1:3000', 'Connection', 'keep-alive'];
  if (tenant !== undefined) {
    const value = copyOf(tenant);
    headers[TENANT] = value;
    rawHeaders.push(TENANT, value);
  }
  if (token !== null) {
    const [name, value] =
      credential === 'bearer'
        ? ['Authorization', copyOf(`Bearer ${token}`)]
        : ['Cookie', copyOf(`hanko=${token}`)];
    headers[name.toLowerCase()] = value;
    rawHeaders.push(name, value);
  }
  return contextOf(new IncomingRequest(headers, rawHeaders));
}

const copyOf = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
