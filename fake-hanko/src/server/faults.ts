import type { ServerResponse } from 'node:http';
import { check, checkNoMore, UUID } from '../check.js';
import type { RouteResponse } from './route.js';

/** The failures that can be simulated. */
export const FAULT_KINDS = [
  /** The connection is cut without an answer. */
  'down',
  /**
   * Nothing listens: connections are refused. For everything, so without `path` and `times`. Until
   * `recover()` another process may take the port.
   */
  'refuse',
  /** The request is taken and never answered. */
  'hang',
  /** The answer comes after `delayMs`. */
  'slow',
  /** 200, and a body that comes byte by byte, one every `delayMs`, and never ends. */
  'drip',
  /** 500, as Hanko words it. */
  'error',
  /** 503, as a gateway in front of Hanko would. */
  'unavailable',
  /** 200 with an HTML page. */
  'garbage',
  /** 200 with JSON of another shape. */
  'wrong-json',
  /** 302 to a path that would give the good answer. */
  'redirect',
  /** The good answer as 200, with a mebibyte of white space before it and no Content-Length. */
  'oversized',
] as const;

/** One of the ways in which requests can fail. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Which requests a fault hits, and how. */
export interface FaultOptions {
  /** Only requests whose path ends in this, such as `/.well-known/jwks.json`. Default: all. */
  readonly path?: string;
  /** Only requests to this tenant, by its id. Default: all. */
  readonly tenant?: string;
  /** How many requests it hits. Default: until `recover()`. */
  readonly times?: number;
  /** Delay of the faults `slow` and `drip`, in milliseconds. Default 100. */
  readonly delayMs?: number;
}

interface ActiveFault {
  readonly kind: FaultKind;
  readonly path: string;
  /** What the path begins with. */
  readonly prefix: string;
  readonly delayMs: number;
  times: number;
}

const MAX_ACTIVE = 1000;

/** A redirect goes to the same path below this prefix, where the fault no longer holds. */
export const REDIRECTED = '/redirected';

/**
 * The faults to come. Those with `times` are used up first, in order; of those without, the newest
 * that fits a path holds.
 */
export class Faults {
  private counted: ActiveFault[] = [];
  private lasting: ActiveFault[] = [];

  /** @throws TypeError for a kind or an option it does not know. */
  add(kind: FaultKind, options: FaultOptions): void {
    const { path = '', tenant, times = Infinity, delayMs = 100, ...unknown } = options;
    checkNoMore(unknown, 'option of a fault');
    check(FAULT_KINDS.includes(kind), `the fault must be one of ${FAULT_KINDS.join(', ')}`);
    check(
      times === Infinity || (Number.isInteger(times) && times > 0),
      'times must be a whole number above 0',
    );
    check(delayMs >= 0, 'delayMs must not be below 0');
    check(
      typeof path === 'string' && !path.includes('?'),
      'path must be the end of a request path, without a query',
    );
    check(tenant === undefined || UUID.test(tenant), 'tenant must be the id of a tenant, a UUID');
    const prefix = tenant === undefined ? '' : `/${tenant.toLowerCase()}/`;
    const fault = { kind, path, prefix, times, delayMs };
    if (times === Infinity) {
      const isOther = (other: ActiveFault): boolean =>
        other.path !== path || other.prefix !== prefix;
      this.lasting = [fault, ...this.lasting.filter(isOther)];
    } else {
      this.counted.push(fault);
    }
    const isBounded = this.counted.length + this.lasting.length <= MAX_ACTIVE;
    check(isBounded, `more than ${MAX_ACTIVE} faults are active: call recover() first`);
  }

  clear(): void {
    this.counted = [];
    this.lasting = [];
  }

  /** The fault for this path, if one is due; it counts as used then. */
  take(path: string): ActiveFault | undefined {
    const hits = (fault: ActiveFault): boolean =>
      path.endsWith(fault.path) && path.toLowerCase().startsWith(fault.prefix);
    const counted = this.counted.find(hits);
    if (counted === undefined) return this.lasting.find(hits);
    if (--counted.times === 0) this.counted = this.counted.filter((other) => other !== counted);
    return counted;
  }
}

/**
 * Answers as the fault says.
 * @returns the status that was sent, 0 for none; undefined if the real answer is to follow.
 */
export async function commit(
  { kind, delayMs }: ActiveFault,
  url: string,
  response: ServerResponse,
  answer: () => Promise<RouteResponse>,
): Promise<number | undefined> {
  const json = (status: number, body: unknown): number => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return status;
  };
  switch (kind) {
    case 'down':
    case 'refuse':
      response.destroy();
      return 0;
    case 'hang':
      return 0;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
      return undefined;
    case 'drip':
      {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{');
        const timer = setInterval(() => response.write(' '), delayMs);
        response.once('close', () => clearInterval(timer));
      }
      return 200;
    case 'error':
      return json(500, { code: 500, message: 'Internal Server Error' });
    case 'unavailable':
      return json(503, { code: 503, message: 'Service Unavailable' });
    case 'garbage':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!DOCTYPE html><title>Hi</title>');
      return 200;
    case 'wrong-json':
      return json(200, { hello: 1 });
    case 'redirect':
      response.writeHead(302, { location: REDIRECTED + url }).end();
      return 302;
    case 'oversized':
      // JSON may begin with white space: a client without a limit reads a good answer.
      response.writeHead(200, { 'content-type': 'application/json' }).write(' '.repeat(2 ** 20));
      response.end(JSON.stringify((await answer()).body ?? {}));
      return 200;
  }
}
