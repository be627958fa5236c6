import { FakeHanko } from 'fake-hanko';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const hanko = await FakeHanko.start({
    config: {
      // As in your Hanko's config.yaml.
      session: { jwt_template: { claims: { role: '{{ .User.Metadata.Public "role" }}' } } },
      audit_log: { storage: { enabled: true } },
    },
  });
  process.env.HANKO_API_URL = hanko.url;
  process.env.HANKO_ADMIN_URL = hanko.adminUrl;
  const [margaret, ada] = ['margaret@example.test', 'ada@example.test'];
  hanko.createUser({ email: margaret, metadata: { public_metadata: { role: 'admin' } } });
  const { id } = hanko.createUser({ email: ada });
  const admin = `-H 'Authorization: Bearer ${await hanko.token({ email: margaret, amr: ['pwd', 'totp'] })}'`;
  const user = `-H 'Authorization: Bearer ${await hanko.token({ email: ada })}'`;

  return {
    printHints(url: string) {
      console.log(`
It runs on a fake Hanko at ${hanko.url}, where Margaret, an administrator, and Ada have signed in. Try these:

curl -i ${url}/users
curl -i ${url}/users ${user}
curl -i ${url}/users ${admin}
curl -i -X DELETE ${url}/users/${id}/sessions ${admin}
curl -i ${url}/users ${user}
`);
    },
  };
}
