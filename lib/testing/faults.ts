import type { ServerResponse } from 'node:http';
import { check } from './options.js';

/** What can go wrong on demand. */
const FAULT_KINDS = [
  /** The connection is cut without an answer. */
  'down',
  /** Nothing listens: connections are refused. For everything, so without `path` and `times`. */
  'refuse',
  /** The request is taken and never answered. */
  'hang',
  /** The answer comes after `delayMs`. */
  'slow',
  /** Status and a first byte come, the rest never. */
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
  /** 200 with more than a mebibyte of JSON. */
  'oversized',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOptions {
  /** Only requests whose path ends in this, such as `/.well-known/jwks.json`. Default: all. */
  readonly path?: string;
  /** How many requests it hits. Default: until `recover()`. */
  readonly times?: number;
  /** For `slow`, in milliseconds. Default 100. */
  readonly delayMs?: number;
}

interface ActiveFault {
  readonly kind: FaultKind;
  readonly path: string;
  readonly delayMs: number;
  times: number;
}

/** A redirect goes to the same path below this prefix, where the fault no longer holds. */
export const REDIRECTED = '/redirected';

export class Faults {
  private active: ActiveFault[] = [];

  add(kind: FaultKind, { path = '', times = Infinity, delayMs = 100 }: FaultOptions): void {
    check(FAULT_KINDS.includes(kind), `a fault is one of ${FAULT_KINDS.join(', ')}`);
    check(
      times === Infinity || (Number.isInteger(times) && times > 0),
      'times must be a whole number above 0',
    );
    check(delayMs >= 0, 'delayMs must not be below 0');
    this.active.push({ kind, path, times, delayMs });
  }

  clear(): void {
    this.active = [];
  }

  /** Takes the first fault that hits this path. */
  take(path: string): ActiveFault | undefined {
    const fault = this.active.find((candidate) => path.endsWith(candidate.path));
    if (fault !== undefined && --fault.times === 0) {
      this.active = this.active.filter((candidate) => candidate !== fault);
    }
    return fault;
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
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
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
      return json(200, { keys: [{ kty: 'RSA', padding: 'x'.repeat(2 ** 20) }] });
  }
}
