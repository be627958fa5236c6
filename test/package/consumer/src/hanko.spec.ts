import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import request from 'supertest';
import { AppModule } from './app.module';

// Jest's and Vitest's globals have the same names: one spec serves both.
describe('an app protected by HankoAuthGuard', () => {
  let hanko: FakeHanko;
  let app: INestApplication;
  let bearer: string;

  beforeAll(async () => {
    hanko = await FakeHanko.start();
    process.env.HANKO_API_URL = hanko.url;
    bearer = `Bearer ${await hanko.token({ email: 'ada@example.test' })}`;

    const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = moduleRef.createNestApplication();
    await app.init();
  });

  afterAll(async () => {
    await app?.close();
    await hanko?.stop();
  });

  it('serves a public route without a token', () =>
    request(app.getHttpServer()).get('/').expect(200, 'Hello World!'));

  it('answers 401 credentials_missing without a token', async () => {
    const response = await request(app.getHttpServer()).get('/me').expect(401);

    expect(response.body.code).toBe('credentials_missing');
  });

  it('answers 401 to a token that Hanko did not sign', () =>
    request(app.getHttpServer())
      .get('/me')
      .set('Authorization', `${bearer.slice(0, -8)}AAAAAAAA`)
      .expect(401));

  it('injects the user whose token it is', async () => {
    const response = await request(app.getHttpServer())
      .get('/me')
      .set('Authorization', bearer)
      .expect(200);

    expect(response.body.email.address).toBe('ada@example.test');
  });

  it('injects one property of the user', async () => {
    const me = await request(app.getHttpServer()).get('/me').set('Authorization', bearer);
    const id = await request(app.getHttpServer()).get('/me/id').set('Authorization', bearer);

    expect(id.text).toBe(me.body.id);
    expect(id.text).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('injects the user where HankoUser is imported as a type', () =>
    request(app.getHttpServer())
      .get('/greeting')
      .set('Authorization', bearer)
      .expect(200, 'Hello ada@example.test'));
});
