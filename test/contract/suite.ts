import { afterAll, beforeAll } from 'vitest';
import { adminApi } from './admin-api.js';
import { HankoClient, type HankoServer } from './client.js';
import { nestApp } from './nest-app.js';
import { publicApi } from './public-api.js';

/**
 * All that a Hanko with its default configuration can be asked for through HTTP: statuses and the
 * shape of answers. It holds on FakeHanko and on a real server alike, whatever that holds already.
 */
export function contractSuite(start: () => Promise<HankoServer>): void {
  const hanko = new HankoClient();
  beforeAll(async () => hanko.connect(await start()));
  afterAll(() => hanko.disconnect());

  publicApi(hanko);
  adminApi(hanko);
  nestApp(hanko);
}
