import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import request from 'supertest';
import { AppModule } from './app.module';

let hanko: FakeHanko;
let app: INestApplication;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  process.env.HANKO_API_URL = hanko.url; // before the module compiles
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = await moduleRef.createNestApplication().init();
});

afterAll(() => Promise.all([app?.close(), hanko?.stop()]));

it('knows who is calling', async () => {
  const token = await hanko.token({ email: 'ada@example.test' });
  const response = await request(app.getHttpServer()).get('/me').auth(token, { type: 'bearer' });
  expect(response.body.email.address).toBe('ada@example.test');
});
