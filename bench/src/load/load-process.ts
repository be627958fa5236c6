// Sends requests from a process of its own, so that neither the servers nor the clients wait for each other's work.
import { answerQuestions } from '../child.js';
import { type Probe, probe } from './probe.js';
import { fire, type Volley } from './volley.js';

/** What it is asked to do. */
export type Order =
  { readonly tokens: readonly string[] } | { readonly fire: Volley } | { readonly probe: Probe };

let tokens: readonly string[] = [];

answerQuestions(async (question) => {
  const order = question as Order;
  if ('fire' in order) return fire(order.fire, tokens);
  if ('probe' in order) return probe(order.probe);
  tokens = order.tokens;
  return {};
});
