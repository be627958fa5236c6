import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { sendJson } from '../support/raw-http.js';
import { unique } from './client.js';

const PATIENCE_MS = 5000;

/**
 * Has a real server send a webhook, to a subscription of its database that is taken away again.
 * @returns its token; null if none came, say because the server cannot reach this machine by loopback.
 */
export async function receiveWebhookToken(adminUrl: string): Promise<string | null> {
  let receive: (token: string | null) => void = () => undefined;
  const received = new Promise<string | null>((resolve) => (receive = resolve));
  const receiver = createServer((request, response) => {
    void json(request).then((body) => {
      receive((body as { token: string }).token);
      return response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const timer = setTimeout(() => receive(null), PATIENCE_MS);
  try {
    const callback = `http://127.0.0.1:${port}/hook`;
    const hookId = await create(`${adminUrl}/webhooks`, 201, { callback, events: ['user.create'] });
    const userId = await create(`${adminUrl}/users`, 200, { username: unique() });
    const token = await received;
    await sendJson('DELETE', `${adminUrl}/webhooks/${hookId}`, '');
    await sendJson('DELETE', `${adminUrl}/users/${userId}`, '');
    return token;
  } finally {
    clearTimeout(timer);
    receiver.closeAllConnections();
    receiver.close();
  }
}

async function create(url: string, status: number, body: object): Promise<string> {
  const answer = await sendJson('POST', url, body);
  if (answer.status !== status) throw new Error(`${url}: ${answer.status} ${answer.text}`);
  return (answer.body as { id: string }).id;
}
