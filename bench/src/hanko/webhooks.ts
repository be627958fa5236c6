import type { SigningKey } from './signing-key.js';
import { AUDIENCE } from './tokens.js';

export type WebhookName = 'session.delete.explicit.logout' | 'user.delete';

/** The body that Hanko posts when a session, or a user, is gone. */
export async function webhookBody(
  key: SigningKey,
  event: WebhookName,
  id: string,
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const data = event === 'user.delete' ? { id } : { id, expires_at: timeText(iat + 3_600) };
  const claims = { aud: [AUDIENCE], data, evt: event, exp: iat + 300, iat, sub: 'hanko webhooks' };
  return JSON.stringify({ event, token: await key.sign(claims) });
}

/** @throws Error unless it is taken. */
export async function postWebhook(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`The webhook was answered ${response.status}`);
}

const timeText = (seconds: number): string => new Date(seconds * 1_000).toISOString();
