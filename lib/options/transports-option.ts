import { checkedTransport } from '../transports/checked-transport.js';
import type { HankoTransport } from '../transports/transport.js';
import { isFunction, isObject, isText } from '../util/value-checks.js';
import type { Option } from './option.js';

/** How calls reach the app, beside the ways of Nest. */
export interface TransportOptions {
  /**
   * Transports of your own: for calls that are neither HTTP, GraphQL, WebSockets nor RPC, or whose credential stands in
   * a place of its own. They are asked before those that are built in. Default none.
   */
  readonly transports?: readonly HankoTransport[];
}

export const transportsOption: Option<readonly HankoTransport[]> = {
  read: ({ value = [], fault }) => {
    if (!Array.isArray(value)) {
      fault('must be a list of HankoTransport.');
      return [];
    }
    // Copied, so that a gap in a sparse list is an entry like any other, and the app cannot change it later.
    const list: unknown[] = [...(value as unknown[])];
    const checked: HankoTransport[] = [];
    for (const [index, transport] of list.entries()) {
      const problem = problemOf(transport);
      if (problem === null) checked.push(checkedTransport(transport as HankoTransport));
      else fault(problem, `[${index}]`);
    }
    return checked;
  },
};

function problemOf(transport: unknown): string | null {
  if (!(isObject(transport) && isText(transport.type) && isFunction(transport.open))) {
    return 'must be a HankoTransport: an object with a type (text) and a method open(context).';
  }
  const { openClient } = transport;
  if (openClient !== undefined && !isFunction(openClient)) {
    return 'must have a method openClient(client), or none.';
  }
  const late = { open: transport.open, openClient };
  for (const [name, method] of Object.entries(late)) {
    if (method?.constructor.name === 'AsyncFunction') {
      return `must not have an async ${name}(): look only at what it is given, and return at once.`;
    }
  }
  return null;
}
