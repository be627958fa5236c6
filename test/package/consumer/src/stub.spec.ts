import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HankoStub } from 'nestjs-hanko/testing';
import request from 'supertest';
import { AppModule } from './app.module';

const hanko = new HankoStub();
let app: INestApplication;

beforeAll(async () => {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const moduleRef = await hanko.override(builder).compile();
  app = await moduleRef.createNestApplication().init();
});

beforeEach(() => hanko.signOut());

afterAll(() => app?.close());

it('knows who is calling', async () => {
  hanko.signIn({ email: 'ada@example.test' });
  const response = await request(app.getHttpServer()).get('/me');
  expect(response.body.email.address).toBe('ada@example.test');
});

it('refuses anonymous callers', async () => {
  const response = await request(app.getHttpServer()).get('/me');
  expect(response.status).toBe(401);
  expect(response.body.code).toBe('credentials_missing');
});
