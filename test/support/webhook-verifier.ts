import { readFileSync } from 'node:fs';
import type { HankoModuleOptions } from 'nestjs-hanko';
import type { HankoEvent } from 'nestjs-hanko/webhooks';
import { createJwks } from '../../lib/hanko.providers.js';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import { WebhookTokenVerifier } from '../../lib/webhooks/webhook-token.verifier.js';

/** One webhook as a real Hanko posted it, see fake-hanko/test/fixtures/README.md. */
export interface RecordedDelivery {
  readonly takenAt: string;
  readonly body: { readonly token: string; readonly event: string };
  readonly decoded: { readonly payload: { readonly iat: number; readonly data: unknown } };
}

/** @param file below fake-hanko/test/fixtures/server, without its ending. */
export function recordedDeliveries(file: string): readonly RecordedDelivery[] {
  const url = new URL(`../../fake-hanko/test/fixtures/server/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { exchanges: RecordedDelivery[] }).exchanges;
}

/** The default of the option `maxBodyBytes`. */
const MAX_BYTES = 262_144;

/** What the receiver does with a token: reads it, then verifies its signature, by keys that are not fetched yet. */
export async function verifyWebhook(
  token: string,
  options: HankoModuleOptions,
  maxBytes = MAX_BYTES,
): Promise<HankoEvent> {
  const resolved = resolveOptions({ audience: null, ...options }, () => undefined);
  const verifier = new WebhookTokenVerifier(resolved, await createJwks(resolved), maxBytes);
  const { event, verifySignature } = verifier.read(token);
  await verifySignature();
  return event;
}
