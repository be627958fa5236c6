import { createLocalJWKSet, jwtVerify } from 'jose';
import type { FakeTenant } from 'fake-hanko';
import { expect } from 'vitest';
import { sendJson } from './raw-http.js';

/** A UUID of version 4. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** An id that no server knows. */
export const UNKNOWN_ID = '84ed1902-4075-491d-ab7d-65c3d07d42e9';

/** Verifies with what the server publishes. */
export const verify = (hanko: FakeTenant, token: string) =>
  jwtVerify(token, createLocalJWKSet({ keys: [...hanko.jwks().keys] }), { algorithms: ['RS256'] });

/** What `/sessions/validate` says. */
export async function isAlive(hanko: FakeTenant, token: string): Promise<boolean> {
  const answer = await sendJson('POST', `${hanko.url}/sessions/validate`, { session_token: token });
  expect(answer.status).toBe(200);
  return (answer.body as { is_valid: boolean }).is_valid;
}
