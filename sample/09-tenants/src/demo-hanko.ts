import { FakeHanko } from 'fake-hanko';
import { TENANTS, tenantAt } from './tenants.js';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const [acme, ...others] = TENANTS.map(({ id, host }) => ({
    id,
    // As in the configuration of a tenant: the audience of tokens is the id of the relying party.
    config: { webauthn: { relying_party: { id: host } } },
  }));
  const hanko = await FakeHanko.start({ tenantId: acme?.id, config: acme?.config });
  for (const { id, config } of others) await hanko.createTenant(id, config);
  process.env.HANKO_API_URL = new URL(hanko.url).origin;
  const globex = hanko.tenant(tenantAt('globex.localhost')?.id ?? '');
  const [ada, other] = [
    await hanko.token({ email: 'ada@example.test' }),
    await globex.token({ email: 'ada@example.test' }),
  ];

  return {
    printHints(port: string) {
      const at = (host: string) => `http://${host}.localhost:${port}/api/me`;
      console.log(`
It runs on a fake Hanko with two tenants, and in each of them somebody has signed in as Ada. Try these:

curl -i ${at('acme')} -H 'Authorization: Bearer ${ada}'
curl -i ${at('globex')} -H 'Authorization: Bearer ${other}'
curl -i ${at('globex')} -H 'Authorization: Bearer ${ada}'
curl -i ${at('initech')} -H 'Authorization: Bearer ${ada}'
`);
    },
  };
}
