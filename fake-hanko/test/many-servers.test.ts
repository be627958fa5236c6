import { FakeHanko } from 'fake-hanko';
import { expect, it } from 'vitest';
import { FlowClient } from './support/flow-client.js';
import { sendJson } from './support/raw-http.js';

// As in a test run whose files share a process.
it('ten of them run in one process, and know nothing of each other', async () => {
  const servers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      FakeHanko.start({
        users: [{ email: 'ada@example.test', password: `password ${index}` }],
        config: { session: { audience: [`app${index}`] } },
      }),
    ),
  );
  try {
    const tokens = await Promise.all(
      servers.map(async (hanko, index) => {
        const client = new FlowClient(hanko.url);
        const state = await client.signIn('ada@example.test', `password ${index}`);
        expect(state).toBe('success');
        return client.token ?? '';
      }),
    );
    const valid = await Promise.all(
      servers.map(({ url }) =>
        Promise.all(
          tokens.map(async (session_token) => {
            const { body } = await sendJson('POST', `${url}/sessions/validate`, { session_token });
            return (body as { is_valid: boolean }).is_valid;
          }),
        ),
      ),
    );
    expect(valid).toEqual(servers.map((_, own) => servers.map((__, other) => own === other)));
    expect(servers.map((hanko) => hanko.sessions().length)).toEqual(servers.map(() => 1));
  } finally {
    await Promise.all(servers.map((hanko) => hanko.stop()));
  }
});
