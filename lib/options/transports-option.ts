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

const EXPECTED =
  'must be a HankoTransport: an object with a type (text) and a method open(context).';

export const transportsOption: Option<readonly HankoTransport[]> = {
  read: ({ value = [], fault }) => {
    if (!Array.isArray(value)) {
      fault('must be a list of HankoTransport.');
      return [];
    }
    const list = [...(value as unknown[])];
    for (const [index, transport] of list.entries()) {
      const isTransport =
        isObject(transport) &&
        isText(transport.type) &&
        isFunction(transport.open) &&
        (transport.openClient === undefined || isFunction(transport.openClient));
      if (!isTransport) fault(EXPECTED, `[${index}]`);
    }
    return (list as HankoTransport[]).map(checkedTransport);
  },
};
