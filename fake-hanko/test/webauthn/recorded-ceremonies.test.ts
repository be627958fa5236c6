import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/options.js';
import { rfc3339, type WebauthnCredential } from '../../src/store/records.js';
import type { Ceremony } from '../../src/webauthn/ceremony.js';
import { finishLogin } from '../../src/webauthn/login.js';
import { finishRegistration } from '../../src/webauthn/registration.js';
import type { FlowExchange } from '../support/flow-recordings.js';

type Json = Readonly<Record<string, unknown>>;
interface RecordedUser {
  readonly id: string;
  readonly passkeys: readonly Json[];
}

/** Chromium's own responses, with the challenges that real servers had sent it. */
function recording(name: string) {
  const file = new URL(`../fixtures/flow/${name}.json`, import.meta.url);
  const { takenAt, exchanges } = JSON.parse(readFileSync(file, 'utf8')) as {
    takenAt: string;
    exchanges: readonly FlowExchange[];
  };
  const inputs = exchanges.flatMap<Json>(
    ({ request }) => (request.body as { input_data?: Json } | null)?.input_data ?? [],
  );
  const payloads = exchanges.flatMap<Json>(
    ({ response }) => (response.body as { payload?: Json } | null)?.payload ?? [],
  );
  const last = (all: readonly Json[], member: string): unknown =>
    all.flatMap((one) => one[member] ?? []).at(-1);
  return {
    now: Date.parse(takenAt),
    user: last(payloads, 'user') as RecordedUser,
    challenge: (options: string) =>
      (last(payloads, options) as { publicKey: { challenge: string } }).publicKey.challenge,
    response: (input: string) => JSON.stringify(last(inputs, input)),
  };
}

const settings = (now: number) => checkOptions({ now: () => now });

const ceremonyOf = (challenge: string, now: number, userId: string | null): Ceremony => ({
  challenge,
  expiresAt: now + 600_000,
  userId,
  isMfa: false,
  userVerification: 'preferred',
  timeout: 600_000,
});

describe.each(['v304', 'main'])('what Chromium answered a real server (%s)', (server) => {
  const registered = recording(`${server}-cookie-e1-register-with-passkey`);
  const { now } = registered;
  const {
    id: ownerId,
    passkeys: [shown = {}],
  } = registered.user;
  const ceremony = ceremonyOf(registered.challenge('creation_options'), now, ownerId);

  const register = (): Promise<WebauthnCredential | null> =>
    finishRegistration(settings(now), ceremony, registered.response('public_key'));

  it('its new key is verified, and kept as that server did', async () => {
    const key = await register();
    const { created_at, last_used_at, ...expected } = shown;
    expect(key).toEqual({
      ...expected,
      created_at: key?.last_used_at,
      last_used_at: rfc3339(now),
      sign_count: 1,
    });
    expect(created_at).toBe(last_used_at);
  });

  it.each(['e2-login-passkey-autofill', 'e3-login-passkey-button'])(
    '%s: its signature is verified, for this challenge and by this key',
    async (name) => {
      const signed = recording(`${server}-cookie-${name}`);
      const key = await register();
      if (key === null) throw new Error('not registered');
      const login = (challenge: string, sign_count: number) =>
        finishLogin(
          settings(signed.now),
          ceremonyOf(challenge, signed.now, null),
          signed.response('assertion_response'),
          () => ({ ownerId, key: { ...key, sign_count } }),
        );
      const challenge = signed.challenge('request_options');
      const verdict = await login(challenge, 1);
      expect(verdict).toMatchObject({ ownerId, key: { id: key.id } });
      expect(await login(ceremony.challenge, 1)).toBe('invalid');
      // As if it had been used more often already.
      expect(await login(challenge, 1000)).toBe('invalid');
    },
  );
});
