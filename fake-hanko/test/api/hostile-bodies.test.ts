import { FakeHanko } from 'fake-hanko';
import { expect, it } from 'vitest';
import { sendJson } from '../support/raw-http.js';

it('is not brought down by what the Admin and the management API are sent', async () => {
  await using hanko = await FakeHanko.start({ config: { multi_tenancy: { enabled: true } } });
  const user = hanko.createUser({ email: 'ada@example.test' });
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const hostile = [
    'x'.repeat(2 * 1024 * 1024),
    deep,
    `{"public_metadata":${deep}}`,
    `{"config":${deep},"id":"84ed1902-4075-491d-ab7d-65c3d07d42e9"}`,
    '{"public_metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    '{"config":{"__proto__":{"polluted":1}},"id":"84ed1902-4075-491d-ab7d-65c3d07d42e9"}',
    '{"UserID":{},"user_id":[],"password":{}}',
    '\u0000',
    `"${'\\\\"'.repeat(500_000)}`,
    '"',
  ];
  for (const body of hostile) {
    for (const url of [
      `${hanko.adminUrl}/users`,
      `${hanko.adminUrl}/users/${user.id}/metadata`,
      `${hanko.adminUrl}/users/${user.id}/password`,
      `${hanko.adminUrl}/users/${user.id}/emails`,
      `${hanko.adminUrl}/webhooks`,
      `${hanko.adminUrl}/sessions`,
      `${hanko.managementUrl}/tenants`,
    ]) {
      for (const method of ['POST', 'PATCH', 'PUT']) {
        const status = await sendJson(method, url, body).then(
          (response) => response.status,
          // It ends a connection that goes on sending.
          () => 413,
        );
        expect([200, 204, 400, 404, 413]).toContain(status);
      }
    }
  }
  expect({}).not.toHaveProperty('polluted');
  expect((await fetch(`${hanko.url}/health/alive`)).status).toBe(200);
});
