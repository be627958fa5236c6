import { createClient } from 'graphql-ws';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { withStepUp } from '../../../shared/login-dialog';
import { hanko, sessionToken } from './hanko';

/** For one session: neither its WebSocket nor anything that it was told is there for the next. */
export function newClient() {
  const socket = createClient({
    url: new URL('/graphql', location.href).href.replace('http', 'ws'),
    // A WebSocket of a browser has no header fields. Asked for again when it connects again.
    connectionParams: () => ({ token: sessionToken() ?? undefined }),
  });
  return new Client({
    url: '/graphql',
    preferGetMethod: false, // urql's default is GET, and Apollo Server refuses that: CSRF
    fetchOptions: () => {
      const headers = new Headers();
      const token = sessionToken();
      if (token) headers.set('authorization', `Bearer ${token}`);
      return { headers };
    },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
}

/** Asks the API, if need be with a new login. */
export const ask = (client: Client, query: string) =>
  withStepUp(hanko, async () => {
    const { data, error } = await client.query(query, {}, { requestPolicy: 'network-only' });
    // A refused field is null, and the others are there: so there may be both.
    const errors = error?.networkError ? [String(error.networkError)] : error?.graphQLErrors;
    return { query, isFine: !error, body: { data, errors } };
  });
export type Answer = Awaited<ReturnType<typeof ask>>;

export type User = {
  id: string;
  sessionId: string;
  email: string | null;
  amr: string[];
  expiresAt: string;
};

/** Who is signed in. */
export async function currentUser(): Promise<User | null> {
  // The API verifies tokens by itself, so it may still take one whose session was ended. Hanko knows.
  const session = await hanko.validateSession().catch(() => null); // null: Hanko is down
  if (session?.is_valid === false) return null;
  const { data } = await newClient().query('{ me { id sessionId email amr expiresAt } }', {});
  return data?.me ?? null;
}
