import { register } from '@teamhanko/hanko-elements';

/** The same page at each host name: the API says whose it is. */
export const tenant: { name: string; hankoApiUrl: string } = await (
  await fetch('/api/tenant')
).json();

/**
 * Defines <hanko-auth>. Hanko hands out the token in a header, and the SDK keeps it in a cookie of this host name. One of
 * Hanko's own host would be the same for all tenants.
 */
export const { hanko } = await register(tenant.hankoApiUrl);

/** What Hanko says of the session, or null while it says nothing. */
export const session = () => hanko.validateSession().catch(() => null);

/** Calls the NestJS API, which gets the cookie. Status 0: it did not answer. */
export async function callApi(
  path: string,
  json?: unknown,
): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const sent = json === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(json) };
  try {
    const response = await fetch(`/api/${path}`, sent);
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: null };
  }
}
