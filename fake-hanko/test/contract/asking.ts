import { type HankoClient, outcome } from './client.js';

/** Asks the Admin API. @returns status and body. */
export const adminAsker =
  (hanko: HankoClient) => async (method: string, path: string, body?: unknown, type?: string) =>
    outcome(
      await hanko.admin(method, path, {
        body,
        ...(type !== undefined && { headers: { 'content-type': type } }),
      }),
    );

export type AdminAsker = ReturnType<typeof adminAsker>;

export const DELETED = { status: 204, body: '' };
