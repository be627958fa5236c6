import { FakeHanko } from 'fake-hanko';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url;
  const token = await hanko.token({ email: 'ada@example.test', amr: ['pwd'] });
  const ask = (url: string, query: string) =>
    `curl -i ${url} -H 'Content-Type: application/json' -d '${JSON.stringify({ query })}'`;

  return {
    printHints(url: string) {
      console.log(`
It runs on a fake Hanko at ${hanko.url}, where Ada has signed in by password. Try these:

${ask(url, '{ greeting }')}
${ask(url, '{ greeting notes { text } }')}
${ask(url, '{ notes { text } me { email card } }')} -H 'Authorization: Bearer ${token}'
`);
    },
  };
}
