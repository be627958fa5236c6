import { HankoConfigurationError, isHankoError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { describeError } from '../util/describe-error.js';
import { isPromise } from '../util/maybe-promise.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import { isRequest } from './http.js';
import type { HankoCall, HankoTransport, LiveConnection } from './transport.js';

/**
 * An app's own transport, held to its contract: what it returns is unknown until it was looked at. All of it is read
 * here and once, so that what throws or changes when it is read does so in no other place.
 */
export function checkedTransport(transport: HankoTransport): HankoTransport {
  const { type } = transport;
  const returned = (method: string, call: () => unknown): HankoCall | undefined =>
    ask(type, method, () => {
      const found = call();
      return found === undefined || found === null ? undefined : callOf(found, type);
    });
  return {
    type,
    open: (context) => returned('open', () => transport.open(context)),
    openClient: (client) => returned('openClient', () => transport.openClient?.(client)),
  };
}

/** @throws HankoConfigurationError `configuration_invalid` if it breaks its contract; nobody is let in. */
function ask<Found>(type: string, method: string, call: () => Found): Found {
  try {
    return call();
  } catch (error) {
    if (isHankoError(error)) throw error;
    const what =
      error instanceof Fault
        ? error.message
        : // Its message may repeat a token.
          `threw ${describeError(error, { isMessageTold: false })}`;
    throw broken(type, method, what);
  }
}

/** What it returns is thrown, and so is what it throws. */
const thrownBy = (type: string, refusal: () => unknown): unknown =>
  ask(type, 'refusal', () => {
    let thrown: unknown;
    try {
      thrown = refusal();
    } catch (error) {
      return error;
    }
    refusePromise(thrown);
    return thrown;
  });

class Fault extends Error {}

function refusePromise(value: unknown, where = ''): void {
  if (!isPromise<unknown>(value)) return;
  // Nobody waits for it: unhandled, its failure would end the process.
  Promise.resolve(value).catch(() => undefined);
  throw new Fault(`returned ${where}a promise`);
}

function callOf(call: {}, type: string): HankoCall {
  refusePromise(call);
  if (!isObject(call)) throw new Fault(`returned ${kindOf(call)}`);
  const { request, params, identity, isHandshake, isUnanswered, unsupported } = call;
  const { setHeaders, refusal, connection, onClose } = call;
  refusePromise(request, 'as request ');
  if (request !== undefined && !isRequest(request)) {
    throw new Fault('returned a request without headers');
  }
  if (identity !== undefined && Object(identity) !== identity) {
    throw new Fault(`returned as identity ${kindOf(identity)}`);
  }
  expect({ isHandshake, isUnanswered }, 'boolean');
  expect({ setHeaders, refusal, onClose }, 'function');
  expect({ unsupported }, 'string');
  return given({
    request: request && requestCopy(request),
    params: paramsCopy(params),
    identity,
    isHandshake: isHandshake === true || undefined,
    isUnanswered,
    unsupported,
    connection: connection === undefined ? undefined : connectionCopy(connection, type),
    onClose:
      isFunction(onClose) &&
      ((listener: object) => ask(type, 'onClose', () => onClose.call(call, listener as never))),
    setHeaders:
      isFunction(setHeaders) &&
      ((headers: object) =>
        ask(type, 'setHeaders', () => void setHeaders.call(call, { ...headers } as never))),
    refusal:
      isFunction(refusal) &&
      ((error: object) => thrownBy(type, () => refusal.call(call, error as never))),
  });
}

function expect(values: Readonly<Record<string, unknown>>, type: string): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && typeof value !== type)
      throw new Fault(`returned as ${name} ${kindOf(value)}`);
  }
}

const given = (values: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== false),
  );

function connectionCopy(connection: unknown, type: string): LiveConnection {
  refusePromise(connection, 'as connection ');
  const { key, end, onClose } = isObject(connection) ? connection : ({} as Record<string, unknown>);
  if (Object(key) !== key || !isFunction(end) || !isFunction(onClose)) {
    throw new Fault('returned a connection without key, end() and onClose()');
  }
  return {
    key: key as object,
    end: (error) => end.call(connection, error as never) as never,
    onClose: (listener) => ask(type, 'onClose', () => onClose.call(connection, listener as never)),
  };
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const listCopy = (value: unknown): unknown =>
  Array.isArray(value) ? [...(value as unknown[])] : undefined;

function requestCopy(request: IncomingRequest): object {
  const { method, headers, rawHeaders, raw, cookies } = request;
  // What the app may name the tenant by.
  const { url, hostname } = request as { readonly url?: unknown; readonly hostname?: unknown };
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(headers)) {
    // Who writes them by hand writes `Authorization`.
    const key = name.toLowerCase();
    fields.set(key, fields.has(key) ? [fields.get(key), value].flat() : (listCopy(value) ?? value));
  }
  return given({
    method: textIn(method),
    url: textIn(url),
    hostname: textIn(hostname),
    headers: Object.fromEntries(fields),
    rawHeaders: listCopy(rawHeaders ?? raw?.rawHeaders),
    cookies: isObject(cookies) ? { ...cookies } : undefined,
  });
}

/** Anything, as it may be what a client sent. But no client sends promises. */
function paramsCopy(params: unknown): unknown {
  refusePromise(params, 'as params ');
  if (!isObject(params)) return undefined;
  const copy: Record<string, unknown> = { ...params };
  if (isObject(copy.headers)) copy.headers = { ...copy.headers };
  refusePromise(copy.token, 'as params.token ');
  return copy;
}

const callContract = (method: string): string =>
  `${method}() must return { request?, params?, isHandshake?, identity?, setHeaders?, refusal? } at once, or undefined for ` +
  'a call that it does not know.';

const CONTRACTS: Readonly<Record<string, string>> = {
  setHeaders: 'setHeaders(headers) must put them on the response, or do nothing.',
  refusal: 'refusal(error) must return at once what is thrown.',
  onClose: 'onClose(listener) must call the listener when it has closed.',
};

const broken = (type: string, method: string, what: string): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: `transports, "${type}"`,
      hint: `${what}. ${CONTRACTS[method] ?? callContract(method)}`,
    },
  ]);
