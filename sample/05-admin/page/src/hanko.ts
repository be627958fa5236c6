import { register } from '@teamhanko/hanko-elements';
import { withStepUp } from '../../../shared/login-dialog';

// Served beside the page, so that one build runs on any Hanko. In your app: constants.
const { hankoApiUrl, tokenTransport } = await (await fetch('/config.json')).json();
const isHeader = tokenTransport === 'header';

/** Defines <hanko-auth> and <hanko-profile>; what it returns tells of sessions. */
export const { hanko } = await register(hankoApiUrl, {
  sessionTokenLocation: isHeader ? 'sessionStorage' : 'cookie',
});

/** Null in cookie mode: the browser sends it by itself, also when it opens a WebSocket. */
export const sessionToken = () => (isHeader ? sessionStorage.getItem('hanko') : null);

/** What Hanko says of the session, or null while it says nothing. The page has no token to look at. */
export const session = () => hanko.validateSession().catch(() => null);

export type Answer<Body = unknown> = { status: number; body: Body; advice?: string };

/** Calls the NestJS API. Whoever has no second factor in their session is asked to sign in with one. */
export const callApi = <Body>(path: string, method = 'GET', json?: unknown) =>
  withStepUp(hanko, () => send<Body>(path, method, json));

/** Status 0: the API did not answer. */
async function send<Body>(path: string, method: string, json: unknown): Promise<Answer<Body>> {
  const headers = new Headers();
  const token = sessionToken();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (json !== undefined) headers.set('content-type', 'application/json');
  try {
    const body = json === undefined ? null : JSON.stringify(json);
    const response = await fetch(`/admin/api/${path}`, { method, headers, body });
    return { status: response.status, body: await response.json() };
  } catch (error) {
    return { status: 0, body: { message: String(error) } as Body };
  }
}
