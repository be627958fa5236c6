import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowClient } from '../support/flow-client.js';
import { send } from '../support/raw-http.js';

interface State {
  readonly url: string;
  readonly prefix: string;
  readonly users: readonly {
    readonly id: string;
    readonly names: readonly string[];
    readonly means: readonly string[];
    readonly sessions: readonly { readonly id: string }[];
  }[];
  readonly mails: readonly { readonly to: string; readonly passcode: string | null }[];
}

describe('the page on the port of the Admin API', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start({
      users: [
        { email: 'ada@example.test', password: 'correct horse', totpSecret: 'JBSWY3DPEHPK3PXP' },
        { username: '<b>bold</b>' },
      ],
    });
  });
  afterAll(() => hanko.stop());

  const get = (path: string) => send({ url: new URL(hanko.adminUrl).origin + path });
  const state = async (): Promise<State> => (await get('/fake-hanko/state')).body as State;

  it('shows users, how they sign in, their sessions, and mails', async () => {
    await hanko.token({ email: 'ada@example.test' });
    const client = new FlowClient(hanko.url);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: 'ada@example.test' });
    await client.act('continue_to_passcode_confirmation');
    const { url, prefix, users, mails } = await state();
    expect([url, prefix]).toEqual([hanko.url, '']);
    const [ada] = users.filter(({ names }) => names.includes('ada@example.test'));
    expect(ada?.means).toEqual(['password', 'authenticator app']);
    expect(ada?.sessions).toMatchObject(hanko.sessions(ada?.id).map(({ id }) => ({ id })));
    const passcode = hanko.passcode('ada@example.test');
    expect(mails).toMatchObject([{ to: 'ada@example.test', passcode }]);
    expect(hanko.mails).toMatchObject([{ to: 'ada@example.test', passcode }]);
    // Passwords and keys stay where they are.
    expect(JSON.stringify({ users, mails })).not.toMatch(/correct horse|JBSWY3DPEHPK3PXP|Hash/);
  });

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/fake-hanko/script.js', 'text/javascript; charset=utf-8'],
    ['/fake-hanko/style.css', 'text/css; charset=utf-8'],
    ['/fake-hanko/state', 'application/json'],
  ])('%s lets no other page read it, frame it or add to it', async (path, type) => {
    const { status, headers } = await get(path);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('is not on the public port, which has that of Hanko', async () => {
    expect((await send({ url: `${hanko.url}/fake-hanko/state` })).status).toBe(404);
    const { status, text } = await send({ url: `${hanko.url}/` });
    expect(status).toBe(200);
    expect(text).toContain('API is running');
  });

  it('is answered under its own name alone', async () => {
    const url = `${hanko.adminUrl}/fake-hanko/state`;
    const { status } = await send({ url, headers: { host: 'evil.test' } });
    expect(status).toBe(400);
  });

  it('is about its own tenant, where there are several', async () => {
    await using tenant = await FakeHanko.start({
      tenantId: '84ed1902-4075-491d-ab7d-65c3d07d42e9',
      users: [{ username: 'ada' }],
    });
    const { origin } = new URL(tenant.adminUrl);
    const { body } = await send({ url: `${origin}/fake-hanko/state` });
    expect(body).toMatchObject({
      url: tenant.url,
      prefix: '/84ed1902-4075-491d-ab7d-65c3d07d42e9',
      users: [{ names: ['ada'] }],
    });
  });

  it('keeps the last hundred mails', async () => {
    await using busy = await FakeHanko.start({ rateLimits: 'off' });
    const client = new FlowClient(busy.url);
    for (let i = 0; i < 102; i++) {
      await client.start('registration');
      await client.act('register_login_identifier', { email: `u${i}@example.test` });
    }
    expect(busy.mails).toHaveLength(100);
    expect(busy.mails[0]?.to).toBe('u101@example.test');
  });
});
