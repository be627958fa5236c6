import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import { CurrentUser, HankoAuthGuard, HankoModule, HankoUser } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowClient } from '../../fake-hanko/test/support/flow-client.js';
import { decodeJws, send } from '../../fake-hanko/test/support/raw-http.js';

const ADA = 'ada@example.test';
const PASSWORD = 'Correct-Horse-1';

describe('who signs in through the Flow API', () => {
  @Controller()
  class WhoController {
    @Get('who')
    @UseGuards(HankoAuthGuard)
    who(@CurrentUser() user: HankoUser): unknown {
      return { id: user.id, email: user.email?.address, amr: user.amr };
    }
  }

  let hanko: FakeHanko;
  let app: INestApplication;
  let client: FlowClient;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ users: [{ email: ADA, password: PASSWORD }] });
    client = new FlowClient(hanko.url);
    @Module({
      imports: [HankoModule.forRoot({ apiUrl: hanko.url })],
      controllers: [WhoController],
    })
    class AppModule {}
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => Promise.all([app.close(), hanko.stop()]));

  const ask = async (token: string | null) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, body } = await send({ url: `${await app.getUrl()}/who`, headers });
    return status === 200 ? body : status;
  };

  /** What the components ask every half minute. */
  const poll = async (token: string | null) => {
    const headers = { cookie: `hanko=${token}` };
    return (await send({ url: `${hanko.url}/sessions/validate`, headers })).body;
  };

  it('is known to an app with HankoModule; a session that was ended is none to Hanko', async () => {
    expect(await client.register(hanko, 'eve@example.test', PASSWORD)).toBe('success');
    const { sub } = decodeJws(client.token ?? '').claims;
    const eve = { id: sub, email: 'eve@example.test', amr: ['otp', 'pwd'] };
    expect(await ask(client.token)).toEqual(eve);
    expect(hanko.sessions(String(sub))).toHaveLength(1);

    await client.post('/logout');
    expect(client.answer.status).toBe(204);
    expect(await poll(client.token)).toEqual({ is_valid: false });

    expect(await client.signIn('eve@example.test', PASSWORD)).toBe('success');
    expect(await ask(client.token)).toEqual({ ...eve, amr: ['pwd'] });
    expect(await poll(client.token)).toMatchObject({ is_valid: true, user_id: sub });
    hanko.revoke(client.token ?? '');
    expect(await poll(client.token)).toEqual({ is_valid: false });
  });

  it('ends another session of their own on the profile', async () => {
    await client.signIn(ADA, PASSWORD);
    const other = new FlowClient(hanko.url, 'Mozilla/5.0 (Windows NT 10.0) Firefox/150.0');
    await other.signIn(ADA, PASSWORD);
    expect(await poll(other.token)).toMatchObject({ is_valid: true });
    await client.start('profile');
    expect(client.body.payload.sessions).toMatchObject([
      { current: false, user_agent: 'Windows (Firefox)' },
      { current: true, user_agent: ' (flow-client)' },
    ]);
    const { session_id } = decodeJws(other.token ?? '').claims;
    expect(await client.act('session_delete', { session_id })).toBe('profile_init');
    expect(client.body.payload.sessions).toMatchObject([{ current: true }]);
    expect(await poll(other.token)).toEqual({ is_valid: false });
    expect(await poll(client.token)).toMatchObject({ is_valid: true });
  });
});
