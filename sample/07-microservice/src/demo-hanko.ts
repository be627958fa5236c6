import { FakeHanko } from 'fake-hanko';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url;
  const token = await hanko.token({ email: 'ada@example.test', amr: ['pwd'], ageSeconds: 61 });
  const stronger = await hanko.token({ email: 'ada@example.test', amr: ['pwd', 'totp'] });

  return {
    printHints(url: string) {
      console.log(`
It runs on a fake Hanko at ${hanko.url}. Ada has signed in by password a minute ago. Try these:

curl -i ${url}/notes
curl -i ${url}/notes -H 'Authorization: Bearer ${token}'
curl -i -X DELETE ${url}/notes -H 'Authorization: Bearer ${token}'
curl -i ${url}/card -H 'Authorization: Bearer ${token}'

And just now with an authenticator app:

curl -i ${url}/card -H 'Authorization: Bearer ${stronger}'
`);
    },
  };
}
