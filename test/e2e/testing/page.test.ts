import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppModule } from '../../support/testing-page-app.js';

afterAll(() => {
  delete process.env.HANKO_API_URL;
});

// docs/testing.md shows what follows.

let hanko: FakeHanko;
let app: INestApplication;
let url: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url; // before the module compiles
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = moduleRef.createNestApplication();
  await app.listen(0);
  url = await app.getUrl();
});

afterAll(() => Promise.all([app?.close(), hanko?.stop()]));

it('a resolver answers users, and nobody else', async () => {
  const ask = async (headers = {}): Promise<unknown> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ query: '{ me }' }),
    });
    return response.json();
  };
  const token = await hanko.token({ email: 'ada@example.test' });
  const refusal = { extensions: { originalError: { code: 'credentials_missing' } } };

  expect(await ask({ Authorization: `Bearer ${token}` })).toEqual({
    data: { me: 'ada@example.test' },
  });
  expect(await ask()).toMatchObject({ errors: [refusal] });
});

it('a gateway answers users, and nobody else', async () => {
  const token = await hanko.token({ email: 'ada@example.test' });
  const user = io(url, { auth: { token } });
  const nobody = io(url, { forceNew: true });
  const refusal = new Promise((resolve) => nobody.once('exception', resolve));
  nobody.emit('say', 'hello');

  expect(await user.emitWithAck('say', 'hello')).toBe('ada@example.test: hello');
  expect(await refusal).toMatchObject({ code: 'credentials_missing' });
  for (const socket of [user, nobody]) socket.close();
});
