import { register } from '@teamhanko/hanko-elements';
import { withStepUp } from '../../shared/login-dialog';

// Served beside the page, so that one build runs on any Hanko. In your app: constants.
const { hankoApiUrl, apiUrl, tokenTransport } = await (await fetch('/config.json')).json();
const isHeader = tokenTransport === 'header';

/** Defines <hanko-auth> and <hanko-profile>; what it returns tells of sessions. */
export const { hanko } = await register(hankoApiUrl, {
  sessionTokenLocation: isHeader ? 'sessionStorage' : 'cookie',
  sessionCheckInterval: 5000, // notices soon that a session was ended elsewhere; default 30,000
});

/** Calls the NestJS API, if need be with a new login. */
export const callApi = (route: string) => withStepUp(hanko, () => send(route));
export type Answer = Awaited<ReturnType<typeof callApi>>;

/** Status 0: the API did not answer, or CORS does not let this page read it. */
async function send(route: string) {
  const headers = new Headers();
  // Not hanko.getSessionToken(): it looks for a cookie, wherever the token is.
  const token = isHeader ? sessionStorage.getItem('hanko') : null;
  if (token) headers.set('authorization', `Bearer ${token}`);
  try {
    const credentials = isHeader ? 'omit' : 'include';
    const response = await fetch(apiUrl + route, { headers, credentials });
    return { route, status: response.status, body: await response.json() };
  } catch (error) {
    return { route, status: 0, body: String(error) };
  }
}

/** What the page shows of nestjs-hanko's HankoUser. */
export type User = { id: string; email?: { address: string }; amr: string[]; expiresAt: string };

/** Who is signed in. Not hanko.getUser(): it calls a path that Hanko 3 no longer has. */
export async function currentUser(): Promise<User | null> {
  // The API verifies tokens by itself, so it still takes one whose session was ended. Hanko knows.
  const session = await hanko.validateSession().catch(() => null); // null: Hanko is down
  if (session?.is_valid === false) return null;
  const { status, body } = await send('/me');
  return status === 200 ? body : null;
}
