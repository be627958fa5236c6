import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** For what cannot tell which port the system has chosen. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return String(port);
}
