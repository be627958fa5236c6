import { FakeHanko } from 'fake-hanko';

/** Stands in for Hanko where HANKO_API_URL names none. Your app has no such file. */
export async function startDemoHanko() {
  if (process.env.HANKO_API_URL) return undefined;
  const hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url;
  const token = await hanko.token({ email: 'ada@example.test', lifespanSeconds: 60 });

  const overWs = (url: string) => {
    const connect = `curl -i --http1.1 ${url} -H 'Connection: Upgrade' -H 'Upgrade: websocket' \\
  -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: aGFua28gYW5kIE5lc3RKUw=='`;
    return [connect, `${connect} \\\n  -H 'Authorization: Bearer ${token}' --output -`];
  };
  const overSocketIo = (url: string) =>
    ['{}', `{ token: '${token}' }`].map(
      (auth) => `node -e "require('socket.io-client').io('${url}', { auth: ${auth} })
  .onAny(console.log).on('disconnect', console.log).on('connect_error', ({ data }) => console.log(data))"`,
    );

  return {
    printHints(url: string, isWs: boolean) {
      console.log(`
It runs on a fake Hanko at ${hanko.url}, where Ada has signed in for one minute. Try these; the second ends with her session:

${(isWs ? overWs(url) : overSocketIo(url)).join('\n\n')}
`);
    },
  };
}
