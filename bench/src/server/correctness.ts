import type { TokenStore } from '../hanko/token-store.js';
import { claimsOf, expiredToken, forgedToken, sessionClaims } from '../hanko/tokens.js';
import type { Server } from './server.js';

/**
 * Holds a server against what every contender must do: what refuses nobody, or everybody, is quick.
 * @throws Error that names the server and what it got wrong.
 */
export async function checkCorrectness(server: Server, tokens: TokenStore): Promise<void> {
  const { key } = tokens;
  const good = tokens.at(0);
  const expect = async (what: string, token: string | null, expected: Answer): Promise<void> => {
    const answer = await getMe(server, token);
    if (answer.status !== expected.status || answer.id !== expected.id) {
      throw new Error(
        `${server.caller}: ${what} is answered ${JSON.stringify(answer)}, not ${JSON.stringify(expected)}`,
      );
    }
  };

  const ping = await fetch(`http://127.0.0.1:${server.port}/ping`);
  if (!ping.ok) throw new Error(`${server.caller}: /ping is answered ${ping.status}`);
  if (!server.contender.verifies) {
    const answer = await getMe(server, null);
    if (answer.status !== 200) throw new Error(`${server.caller}: /me is closed`);
    return;
  }
  // Twice: a cache answers the second time.
  for (const what of ['a good token', 'a good token again']) {
    await expect(what, good, { status: 200, id: claimsOf(good).sub });
  }
  const refused = { status: 401, id: undefined };
  await expect('no token', null, refused);
  await expect('an expired token', await expiredToken(key), refused);
  await expect('a forged token', forgedToken(key), refused);
  await expect('a good token with another signature', withSignatureOf(good, tokens.at(1)), refused);
  await expect(
    'a token of another issuer',
    await key.sign({ ...sessionClaims(), iss: 'https://other.example.test' }),
    refused,
  );
  await expect(
    'a token for another audience',
    await key.sign({ ...sessionClaims(), aud: ['other.example.test'] }),
    refused,
  );
  await expect('a good token after all that', good, { status: 200, id: claimsOf(good).sub });
}

interface Answer {
  readonly status: number;
  readonly id: string | undefined;
}

async function getMe(server: Server, token: string | null): Promise<Answer> {
  const headers = new Headers();
  if (token !== null && server.contender.credential === 'bearer') {
    headers.set('authorization', `Bearer ${token}`);
  } else if (token !== null) {
    headers.set('cookie', `hanko=${token}`);
  }
  const response = await fetch(`http://127.0.0.1:${server.port}/me`, { headers });
  const { id } = (await response.json()) as { readonly id?: string };
  return { status: response.status, id };
}

const withSignatureOf = (token: string, other: string): string =>
  token.slice(0, token.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
