import { HankoConfigurationError, isHankoError } from '../errors/hanko.errors.js';
import { describeError } from '../util/describe-error.js';
import { isPromise } from '../util/maybe-promise.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import { isRequest } from './http.js';
import type { HankoCall, HankoTransport } from './transport.js';

/** An app's own transport, held to its contract: what it returns is unknown until it was looked at. */
export const checkedTransport = (transport: HankoTransport): HankoTransport => ({
  type: transport.type,
  open: (context) => ask(transport.type, 'open', () => transport.open(context)),
  openClient: (client) => ask(transport.type, 'openClient', () => transport.openClient?.(client)),
});

/** @throws HankoConfigurationError `configuration_invalid` if it breaks its contract; nobody is let in. */
function ask(type: string, method: string, open: () => unknown): HankoCall | undefined {
  let call: unknown;
  try {
    call = open();
  } catch (error) {
    if (isHankoError(error)) throw error;
    // Its message may repeat a token.
    throw broken(type, method, `threw ${describeError(error, { isMessageTold: false })}`);
  }
  if (call === undefined || call === null) return undefined;
  const problem = problemOf(call);
  if (problem !== undefined) throw broken(type, method, problem);
  return call;
}

function problemOf(call: unknown): string | undefined {
  if (isPromise<unknown>(call)) {
    // Nobody waits for it: unhandled, its failure would end the process.
    Promise.resolve(call).catch(() => undefined);
    return 'returned a promise';
  }
  if (!isObject(call)) return `returned ${kindOf(call)}`;
  const { request, identity, isHandshake, isUnanswered } = call;
  if (request !== undefined && !isRequest(request)) return 'returned a request without headers';
  if (identity !== undefined && Object(identity) !== identity) {
    return `returned as identity ${kindOf(identity)}`;
  }
  for (const [name, flag] of Object.entries({ isHandshake, isUnanswered })) {
    if (flag !== undefined && typeof flag !== 'boolean')
      return `returned as ${name} ${kindOf(flag)}`;
  }
  for (const name of ['setHeaders', 'refusal']) {
    if (call[name] !== undefined && !isFunction(call[name])) {
      return `returned as ${name} ${kindOf(call[name])}`;
    }
  }
  return undefined;
}

const broken = (type: string, method: string, what: string): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: `transports, "${type}"`,
      hint:
        `${what}. ${method}() must return { request?, params?, isHandshake?, identity?, setHeaders?, refusal? } at once, ` +
        'or undefined for a call that it does not know.',
    },
  ]);
