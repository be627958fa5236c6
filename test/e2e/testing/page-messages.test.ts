import type { AddressInfo, Server } from 'node:net';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import { firstValueFrom } from 'rxjs';
import { afterAll, expect, it } from 'vitest';
import { AppModule } from '../../support/testing-page-app.js';

afterAll(() => {
  delete process.env.HANKO_API_URL;
});

// docs/testing.md shows what follows.

it('a message handler answers users, and nobody else', async () => {
  const hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url;
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = moduleRef.createNestMicroservice({ transport: Transport.TCP, options: { port: 0 } });
  await app.listen();
  const { port } = app.unwrap<Server>().address() as AddressInfo;
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { port } });
  const ask = () => firstValueFrom(client.send('sum', [1, 2]));

  await expect(ask()).rejects.toMatchObject({ code: 'credentials_missing' });
  const metadata = { authorization: `Bearer ${await hanko.token()}` };
  client.setOnDispatchHook((packet) => void Object.assign(packet, { metadata }));
  expect(await ask()).toBe(3);
  await Promise.all([client.close(), app.close(), hanko.stop()]);
});
