import { originOf } from './caller.js';
import type { Lookup, SessionLookup } from './session-lookup.js';
import type { Caller, FlowServices } from '../flow/flow-context.js';
import { type ActionCall, type FlowAnswer, FlowEngine, flowError } from '../flow/flow-engine.js';
import { FLOW_ERRORS } from '../flow/flow-errors.js';
import type { FlowKind } from '../flow/flow.js';
import { cookieValues } from '../server/cookies.js';
import { field, readFields } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest } from '../server/route.js';

const NO_SESSION: Lookup = { found: null, headers: {} };
const KINDS: readonly FlowKind[] = ['login', 'registration', 'profile'];

/** What Hanko's components call (hanko backend/flow_api/handler.go). */
export function flowRoutes(services: FlowServices, sessions: SessionLookup): readonly Route[] {
  const engine = new FlowEngine(services);
  const serve = async (kind: FlowKind, request: RouteRequest): Promise<FlowAnswer> => {
    // To sign in anew is no use of a session.
    const lookup = kind === 'profile' ? sessions.authenticate(request.raw) : NO_SESSION;
    const answer = await run(kind, request, callerOf(request, lookup));
    return { ...answer, headers: { ...lookup.headers, ...answer.headers } };
  };
  const run = (
    kind: FlowKind,
    request: RouteRequest,
    caller: Caller,
  ): FlowAnswer | Promise<FlowAnswer> => {
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

const callerOf = (request: RouteRequest, { found }: Lookup): Caller => ({
  ...originOf(request),
  session: found?.session ?? null,
  language: String(request.raw.headers['x-language'] ?? ''),
  cookie: (name) => cookieValues(request.raw, name)[0],
  base: request.origin + (request.raw.url ?? '').replace(/\/\w+(?:\?.*)?$/s, ''),
});
