import { FakeHanko } from 'fake-hanko';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url;
  const token = await hanko.token({ email: 'ada@example.test' });

  return {
    printHints(appUrl: string) {
      console.log(`
It runs on a fake Hanko at ${hanko.url}, where Ada has signed in. Try these:

curl -i ${appUrl}/
curl -i ${appUrl}/notes
curl -i ${appUrl}/notes -H 'Authorization: Bearer ${token}'
`);
    },
  };
}
