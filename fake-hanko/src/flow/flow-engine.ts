import { UUID } from '../check.js';
import { audit, auditRefusal } from './audit.js';
import {
  type Action,
  type Arrival,
  type Caller,
  type FlowContext,
  type FlowServices,
  type Headers,
  type Outcome,
  type Refusal,
  userOf,
} from './flow-context.js';
import { FLOW_ERRORS, type FlowError, FlowProblem } from './flow-errors.js';
import { checkValues, type Inputs, readValues, shownInputs, type Values } from './flow-inputs.js';
import { offered, STATES } from './flow-states.js';
import { type FlowKind, Flows, newCsrfToken } from './flow.js';

/** What a caller sends to run an action. */
export interface ActionCall {
  /** `action@flow`, as in the `href` of the action. */
  readonly action: string;
  readonly csrfToken: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface FlowAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Headers;
}

/** Leads flows from state to state, as the tables say (hanko backend/flowpilot/context.go). */
export class FlowEngine {
  private readonly flows: Flows;

  constructor(private readonly services: FlowServices) {
    this.flows = new Flows(services.settings.now);
  }

  /** @param kind the path that was called, too. */
  start(kind: FlowKind, caller: Caller): FlowAnswer {
    if (kind === 'profile' && caller.session === null) return flowError(FLOW_ERRORS.unauthorized);
    const flow = this.flows.start(kind, (kind === 'profile' && caller.session?.user_id) || null);
    return answer({ flow, caller, services: this.services, warnings: [] }, kind, {});
  }

  /**
   * Runs an action. A wrong call, also one with a token that has been used, changes nothing.
   * @param path the one that was called: any goes, as the flow is found by its id.
   */
  async act(path: FlowKind, call: ActionCall, caller: Caller): Promise<FlowAnswer> {
    if (path === 'profile' && caller.session === null) return flowError(FLOW_ERRORS.unauthorized);
    const [name = '', id = '', ...rest] = call.action.split('@');
    if (!UUID.test(id) || rest.length > 0) return flowError(FLOW_ERRORS.technical);
    const flow = this.flows.find(id);
    if (flow === undefined) return flowError(FLOW_ERRORS.notPermitted);
    if (flow.isExpired(this.services.settings.now())) return flowError(FLOW_ERRORS.expired);
    if (flow.csrfToken !== call.csrfToken) return flowError(FLOW_ERRORS.notPermitted);
    if (flow.ownerId !== null && caller.session?.user_id !== flow.ownerId) {
      return flowError(FLOW_ERRORS.notPermitted);
    }
    const context = { flow, caller, services: this.services, warnings: [] };
    const action = offered(context, name);
    if (action === undefined) return flowError(FLOW_ERRORS.notPermitted);
    // Before anything is waited for: of two calls with one token, one runs.
    const restore = flow.save();
    flow.csrfToken = newCsrfToken();
    try {
      const inputs = inputsOf(context, action);
      const values = readValues(inputs, call.input);
      const user = userOf(context);
      const keys = this.services.store.keysOf(user?.id ?? '').map((key) => key.id);
      const done = { action: name, values, user, keys };
      const outcome = await run(context, action, inputs, values);
      if ('error' in outcome) {
        auditRefusal(context, done, outcome);
        return answer(context, path, outcome, { action: name, values });
      }
      const arrival = await move(context, outcome);
      audit(context, done);
      return answer(context, path, arrival);
    } catch (problem) {
      restore();
      if (problem instanceof FlowProblem) return flowError(problem.error);
      throw problem;
    }
  }
}

function run(
  context: FlowContext,
  action: Action,
  inputs: Inputs,
  values: Values,
): Outcome | Promise<Outcome> {
  const faults = checkValues(inputs, values);
  if (faults.size === 0) return action.run(context, values);
  return { error: FLOW_ERRORS.formData, inputErrors: Object.fromEntries(faults) };
}

async function move(context: FlowContext, outcome: Exclude<Outcome, Refusal>): Promise<Arrival> {
  const { flow } = context;
  const before = flow.data;
  if ('back' in outcome) {
    flow.goBack();
    return (await STATES[flow.state].arrive?.(context)) ?? {};
  }
  flow.learn(outcome.learn ?? {});
  flow.goOn(before, outcome.next, outcome.isFinal !== true);
  const { payload, ...arrival } = (await STATES[flow.state].arrive?.(context)) ?? {};
  return { ...arrival, ...outcome.arrival, payload: { ...payload, ...outcome.arrival?.payload } };
}

/** @param failed the action that was refused, whose inputs say why. */
function answer(
  context: FlowContext,
  path: FlowKind,
  result: Arrival | Refusal,
  failed?: { readonly action: string; readonly values: Values },
): FlowAnswer {
  const { flow } = context;
  const state = STATES[flow.state];
  const { payload } = result;
  const error = result.error ?? context.warnings[0];
  const errors = new Map(Object.entries(('inputErrors' in result && result.inputErrors) || {}));
  const status = error?.status ?? 200;
  const actions = state.actions.flatMap((name) => {
    const action = offered(context, name);
    if (action === undefined) return [];
    const shown = {
      href: `/${path}?action=${name}%40${flow.id}`,
      inputs: shownInputs(
        inputsOf(context, action),
        name === failed?.action ? { errors, values: failed.values } : undefined,
      ),
      action: name,
      description: descriptionOf(context, action),
    };
    return [[name, shown] as const];
  });
  return {
    status,
    body: {
      name: flow.state,
      status,
      payload: { ...state.payload?.(context), ...payload },
      csrf_token: flow.csrfToken,
      actions: Object.fromEntries(actions),
      ...(error && { error: { code: error.code, message: error.message } }),
      links: null,
    },
    ...('headers' in result && result.headers && { headers: result.headers }),
  };
}

const descriptionOf = (context: FlowContext, { description }: Action): string =>
  typeof description === 'function' ? description(context) : description;

const inputsOf = (context: FlowContext, { inputs = {} }: Action) =>
  typeof inputs === 'function' ? inputs(context) : inputs;

/** What does not run at all, which belongs to no flow: whatever flow there is stays as it was. */
export const flowError = ({ status, code, message }: FlowError): FlowAnswer => ({
  status,
  body: {
    name: 'error',
    status,
    csrf_token: '',
    actions: {},
    error: { code, message },
    links: null,
  },
});
