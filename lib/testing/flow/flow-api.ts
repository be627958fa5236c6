import type { Directory } from '../directory.js';
import { Problem, type Route, type RouteRequest } from '../http-server.js';
import { field, readFields } from '../json-body.js';
import type { Sessions } from '../sessions.js';
import type { Caller, FlowServices } from './flow-context.js';
import { type ActionCall, type FlowAnswer, FlowEngine, flowError } from './flow-engine.js';
import { FLOW_ERRORS } from './flow-errors.js';
import type { FlowKind } from './flow.js';

const KINDS: readonly FlowKind[] = ['login', 'registration', 'profile'];

/** What Hanko's components call (hanko backend/flow_api/handler.go). */
export function flowRoutes(services: FlowServices, sessions: Sessions): readonly Route[] {
  const { directory } = services;
  const engine = new FlowEngine(services);
  const serve = (kind: FlowKind, request: RouteRequest): FlowAnswer | Promise<FlowAnswer> => {
    const caller = callerOf(kind, request, sessions, directory);
    const action = request.query.get('action');
    if (!action) return engine.start(kind, caller);
    const call = readCall(action, request);
    return call === null ? flowError(FLOW_ERRORS.technical) : engine.act(kind, call, caller);
  };
  return [
    ...KINDS.map((kind) => ({
      method: 'POST',
      path: `/${kind}`,
      handle: (request: RouteRequest) => serve(kind, request),
    })),
    { method: 'POST', path: '/token_exchange', handle: () => flowError(FLOW_ERRORS.noSaml) },
  ];
}

/** @returns null for what is no call at all. */
function readCall(action: string, request: RouteRequest): ActionCall | null {
  try {
    const fields = readFields(request);
    return {
      action,
      csrfToken: field(fields, 'csrf_token', 'string') ?? '',
      input: field(fields, 'input_data', 'object') ?? {},
    };
  } catch (problem) {
    if (problem instanceof Problem) return null;
    throw problem;
  }
}

function callerOf(
  kind: FlowKind,
  { raw }: RouteRequest,
  sessions: Sessions,
  directory: Directory,
): Caller {
  const session = sessions.authenticate(raw)?.session ?? null;
  // To sign in anew is no use of a session.
  if (session !== null && kind === 'profile') directory.touch(session.id);
  return {
    session: session && (directory.session(session.id) ?? null),
    userAgent: raw.headers['user-agent'] ?? '',
    ipAddress: (raw.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    language: String(raw.headers['x-language'] ?? ''),
  };
}
