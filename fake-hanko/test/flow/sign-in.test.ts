import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { totpCode } from '../../src/store/totp.js';
import { decodeJws, send } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const PASSWORD = 'Correct-Horse-1';

let now: number;
let hanko: FakeHanko;

async function start(options: FakeHankoOptions = {}): Promise<FlowClient> {
  now = Date.parse('2026-11-23T12:00:00Z');
  hanko = await FakeHanko.start({
    now: () => now,
    users: [{ email: ADA, password: PASSWORD }],
    ...options,
  });
  return new FlowClient(hanko.url);
}

describe('an authenticator app', () => {
  let client: FlowClient;
  beforeEach(async () => {
    client = await start();
    await client.signIn(ADA, PASSWORD);
  });
  afterEach(() => hanko.stop());

  it('shows the codes of RFC 6238, appendix B', () => {
    // "12345678901234567890" in Base32; the last six of the eight digits there.
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    expect(
      [59, 1_111_111_109, 1_234_567_890, 20_000_000_000].map((s) => totpCode(secret, s * 1000)),
    ).toEqual(['287082', '081804', '005924', '353130']);
    now = 59_000;
    expect(hanko.totp(secret)).toBe('287082');
  });

  it('is asked for at the next sign-in; each code is good once', async () => {
    await client.enrolTotp(hanko);
    expect(client.body.payload.user).toMatchObject({ mfa_config: { auth_app_set_up: true } });
    const setUpWith = hanko.totp(ADA);
    expect(await client.signIn(ADA, PASSWORD)).toBe('login_otp');
    await client.act('otp_code_validate', { otp_code: setUpWith });
    expect(client.errors.at(-1)).toBe('otp_code_already_used');
    now += 30_000;
    await client.act('otp_code_validate', { otp_code: hanko.totp(ADA) });
    expect(await client.skipAll()).toBe('success');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['pwd', 'totp']);
    expect(client.body.payload.last_login).toEqual({
      login_method: 'password',
      mfa_method: 'totp',
    });

    const again = new FlowClient(hanko.url);
    expect(await again.signIn(ADA, PASSWORD)).toBe('login_otp');
    await again.act('otp_code_validate', { otp_code: hanko.totp(ADA) });
    expect(again.errors.at(-1)).toBe('otp_code_already_used');
    expect(again.token).toBeNull();
  });

  it('has three codes a minute', async () => {
    await client.enrolTotp(hanko);
    now += 30_000;
    await client.signIn(ADA, PASSWORD);
    for (let i = 0; i < 3; i++) await client.act('otp_code_validate', { otp_code: '000000' });
    await client.act('otp_code_validate', { otp_code: hanko.totp(ADA) });
    expect(client.body).toMatchObject({ status: 429, payload: { retry_after: 59 } });
  });

  it('is taken away on the profile', async () => {
    await client.enrolTotp(hanko);
    expect(client.body.actions).not.toHaveProperty('continue_to_otp_secret_creation');
    await client.act('otp_secret_delete');
    expect(client.body.payload.user).toMatchObject({ mfa_config: { auth_app_set_up: false } });
    expect(await client.signIn(ADA, PASSWORD)).toBe('success');
  });

  it('can be set up while registering, and can be seeded', async () => {
    await client.start('registration');
    await client.act('register_login_identifier', { email: 'eve@example.test' });
    await client.act('verify_passcode', { code: hanko.passcode('eve@example.test') });
    await client.act('register_password', { new_password: PASSWORD });
    await client.act('continue_to_otp_secret_creation');
    const secret = String(client.body.payload.otp_secret);
    await client.act('otp_code_verify', { otp_code: '000000' });
    expect([client.errors.at(-1), client.body.payload.otp_secret]).toEqual([
      'passcode_invalid',
      secret,
    ]);
    expect(await client.act('otp_code_verify', { otp_code: hanko.totp(secret) })).toBe('success');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['otp', 'pwd', 'totp']);

    const email = 'tom@example.test';
    hanko.createUser({ email, password: PASSWORD, totpSecret: secret });
    await client.signIn(email, PASSWORD);
    await client.act('otp_code_validate', { otp_code: hanko.totp(email) });
    expect(await client.skipAll()).toBe('success');
  });

  it('has no codes for whom there is none', () => {
    for (const whose of [ADA, 'nobody@example.test', '', 'not base 32']) {
      expect(() => hanko.totp(whose)).toThrow('FakeHanko: totp() needs the address of a user');
    }
  });
});

describe('options', () => {
  afterEach(() => hanko.stop());

  it('onboarding: offered or skipped', async () => {
    const states: string[] = [];
    for (const onboarding of ['offered', 'skipped'] as const) {
      const client = await start({ onboarding });
      await client.start('login', true);
      await client.act('continue_with_login_identifier', { email: ADA });
      await client.act('continue_to_password_login');
      states.push(await client.act('password_login', { password: PASSWORD }));
      await client.start('registration', true);
      await client.act('register_login_identifier', { email: 'eve@example.test' });
      await client.act('verify_passcode', { code: hanko.passcode(' EVE@example.test') });
      states.push(await client.act('register_password', { new_password: PASSWORD }));
      if (onboarding === 'offered') await hanko.stop();
    }
    expect(states).toEqual([
      'onboarding_create_passkey',
      'mfa_method_chooser',
      'success',
      'success',
    ]);
  });

  it('rateLimits: off', async () => {
    const client = await start({ rateLimits: 'off' });
    for (let i = 0; i < 10; i++) expect(await client.signIn(ADA, PASSWORD)).toBe('success');
  });

  it('tokenTransport: header', async () => {
    const client = await start({ tokenTransport: 'header', lifespanSeconds: 600 });
    await client.signIn(ADA, PASSWORD);
    const { headers } = client.answer;
    expect(headers).toMatchObject({ 'x-session-lifetime': '600' });
    expect(headers).not.toHaveProperty('set-cookie');
    const { claims } = decodeJws(String(headers['x-auth-token']));
    expect(hanko.sessions().map(({ id }) => id)).toEqual([claims.session_id]);
  });

  it('tenantId: below it, and actions are named without it, as the components add it', async () => {
    await start({ tenantId: '26e99bcd-316c-46f4-a102-b23e2d914d2f' });
    const client = new FlowClient(hanko.url);
    expect(await client.signIn(ADA, PASSWORD)).toBe('success');
    expect((await send({ method: 'POST', url: `${new URL(hanko.url).origin}/login` })).status).toBe(
      400,
    );
  });

  it('users: refused as by createUser', async () => {
    await start();
    for (const [user, message] of [
      [{ email: ADA, password: 'x'.repeat(73) }, 'password must be text of at most 72 bytes'],
      [{ email: ADA, password: '' }, 'password must be text'],
      [{ email: ADA, totpSecret: '0189' }, 'totpSecret must be Base32'],
    ] as const) {
      await expect(FakeHanko.start({ users: [user] })).rejects.toThrow(`FakeHanko: ${message}`);
    }
    const twice = [{ email: ADA }, { email: ADA }];
    await expect(FakeHanko.start({ users: twice })).rejects.toThrow(
      'with this email exists already',
    );
  });

  it.each<readonly [FakeHankoOptions, string]>([
    [{ host: '0.0.0.0' }, 'host must be 127.0.0.1, ::1 or localhost, unless'],
    [{ host: '::' }, 'host must be 127.0.0.1'],
    [{ hosts: ['hanko:8000'] }, 'hosts must be a list of names without a port'],
    [{ host: 'localhost.example.test' }, 'host must be 127.0.0.1'],
    [{ host: '0.0.0.0', allowNonLoopback: true as never }, 'allowNonLoopback must be no or I know'],
    [{ tokenTransport: 'both' as never }, 'tokenTransport must be cookie or header'],
    [{ allowOrigins: ['*'] }, 'allowOrigins must be loopback, or a list of origins'],
    [{ allowOrigins: ['http://a.test/'] }, 'allowOrigins must be loopback, or a list of origins'],
    [{ webhooks: [{ url: 'http://example.test/' }] }, 'must be http:// on this machine'],
    [{ webhooks: [{ url: 'https://localhost/' }] }, 'must be http:// on this machine'],
    [
      { webhooks: [{ url: 'http://localhost/', events: ['use'] }] },
      'must be among user, user.create',
    ],
    [{ webhooks: [{ url: 'http://localhost/', even: [] } as never] }, 'even is not a valid member'],
  ])('%j is refused', async (options, message) => {
    await start();
    await expect(FakeHanko.start(options)).rejects.toThrow(message);
  });

  it('host: beyond loopback in so many words', async () => {
    await start({ host: '0.0.0.0', allowNonLoopback: 'I know that this is no login server' });
    expect(hanko.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  it('banner: loud where no test runner runs', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    try {
      await start();
      expect(warn).not.toHaveBeenCalled();
      await hanko.stop();
      await start({ banner: 'on' });
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(`^FakeHanko at ${hanko.url} .* is NO LOGIN SERVER`),
      );
      await hanko.stop();
      for (const name of [
        'VITEST',
        'VITEST_WORKER_ID',
        'JEST_WORKER_ID',
        'NODE_TEST_CONTEXT',
        'TEST_WORKER_INDEX',
      ]) {
        vi.stubEnv(name, undefined);
      }
      await start();
      expect(warn).toHaveBeenCalledTimes(2);
      await hanko.stop();
      await start({ banner: 'off' });
      expect(warn).toHaveBeenCalledTimes(2);
    } finally {
      vi.unstubAllEnvs();
      warn.mockRestore();
    }
  });
});

describe('mails', () => {
  let receiver: Server;
  let url: string;
  const received: { token: string; event: string }[] = [];
  const events = ['email.send'];

  const listen = async (listener: RequestListener): Promise<void> => {
    receiver = createServer(listener);
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  };
  beforeEach(() => {
    received.length = 0;
  });
  afterEach(async () => {
    await hanko.stop();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  const receive: RequestListener = (request, response) => {
    void text(request).then((body) => {
      received.push(JSON.parse(body) as (typeof received)[number]);
      return response.end();
    });
  };
  const askForCode = async (client: FlowClient): Promise<void> => {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_passcode_confirmation');
  };

  it('are told of by a webhook that the keys of the server sign, and hold the code', async () => {
    await listen(receive);
    await askForCode(await start({ webhooks: [{ url }] }));
    await hanko.webhooksSettled();
    expect(hanko.webhookDeliveries).toEqual([
      { event: 'email.send', url, status: 200, error: null },
    ]);
    const [{ token, event } = { token: '', event: '' }] = received;
    expect(event).toBe('email.send');
    const { header, claims } = decodeJws(token);
    expect(header).toEqual({ alg: 'RS256', kid: hanko.signingKid, typ: 'JWT' });
    expect(claims).toMatchObject({
      sub: 'hanko webhooks',
      evt: 'email.send',
      aud: ['localhost'],
      data: { type: 'login', to_email_address: ADA, data: { otp_code: hanko.passcode(ADA) } },
    });
    expect(claims.exp).toBe((claims.iat as number) + 300);
  });

  it('whose receiver never answers keep nobody from signing in, and stop() cuts them', async () => {
    await listen(() => undefined);
    const client = await start({ webhooks: [{ url, events }], rateLimits: 'off' });
    for (let i = 0; i < 3; i++) await askForCode(client);
    expect(await client.act('verify_passcode', { code: hanko.passcode(ADA) })).toBe('success');
    expect(hanko.webhookDeliveries).toEqual([]);
    await hanko.stop();
    await hanko.webhooksSettled();
    expect(hanko.webhookDeliveries.map(({ status }) => status)).toEqual([null, null, null]);
  });

  it('beyond a hundred that wait are given up, and that can be seen', async () => {
    await listen(() => undefined);
    const client = await start({ webhooks: [{ url }], rateLimits: 'off' });
    await askForCode(client);
    for (let i = 0; i < 100; i++) await client.act('resend_passcode');
    expect(hanko.webhookDeliveries).toEqual([
      { event: 'email.send', url, status: null, error: 'more than 100 are waiting' },
    ]);
  });

  it('whose receiver fails, or is not there, are noted and not sent again', async () => {
    await listen((_request, response) => response.writeHead(503).end());
    const client = await start({ webhooks: [{ url }, { url: 'http://localhost:1/' }] });
    await askForCode(client);
    await hanko.webhooksSettled();
    expect(hanko.webhookDeliveries).toMatchObject([
      { status: 503, error: null },
      { status: null, error: expect.stringContaining('ECONNREFUSED') as unknown },
    ]);
  });
});
