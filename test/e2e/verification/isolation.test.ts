import { randomUUID } from 'node:crypto';
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, HankoModule, RequireAuth } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

@Controller()
class WhoController {
  @RequireAuth()
  @Get('who')
  who(@CurrentUser('id') id: string): { id: string } {
    return { id };
  }
}

describe.each(PLATFORMS)('on %s', (platform) => {
  const startFor = (hanko: FakeHanko): Promise<RunningApp> =>
    startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [WhoController],
    });

  it("keeps a tenant's path and refuses another tenant's token with both warm", async () => {
    const tenantA = randomUUID();
    const tenantB = randomUUID();
    await using hankoA = await FakeHanko.start({ tenantId: tenantA });
    await using hankoB = await FakeHanko.start({ tenantId: tenantB });
    await using appA = await startFor(hankoA);
    await using appB = await startFor(hankoB);
    const user = { user: hankoA.createUser({ id: randomUUID() }) };
    hankoB.createUser({ id: user.user.id });
    const tokenA = await hankoA.token(user);
    const tokenB = await hankoB.token({ user: user.user.id });

    for (const [app, hanko, own, foreign, tenant] of [
      [appA, hankoA, tokenA, tokenB, tenantA],
      [appB, hankoB, tokenB, tokenA, tenantB],
    ] as const) {
      expect((await app.get('/who', bearer(own))).body).toEqual({ id: user.user.id });
      expect(await app.get('/who', bearer(foreign))).toBeRefused('token_key_unknown');
      expect(await app.get('/who', cookie(foreign))).toBeRefused('token_key_unknown');
      // And once more: what the other app has verified does not rub off.
      expect((await app.get('/who', bearer(own))).status).toBe(200);
      expect(await app.get('/who', bearer(foreign))).toBeRefused('token_key_unknown');
      expect(new Set(hanko.requests.map(({ path }) => path))).toEqual(
        new Set([`/${tenant}/.well-known/jwks.json`]),
      );
    }
  });

  it('keeps apart two apps whose Hankos publish different keys under one kid', async () => {
    await using hankoA = await FakeHanko.start();
    await using hankoB = await FakeHanko.start();
    const kid = hankoA.signingKid;
    hankoB.setJwks({ keys: hankoB.jwks().keys.map((key) => ({ ...key, kid })) });
    await using appA = await startFor(hankoA);
    await using appB = await startFor(hankoB);
    const tokenA = await hankoA.token();
    const [, payload] = (await hankoB.token()).split('.') as [string, string, string];
    const tokenB = await hankoB.sign({
      header: { kid },
      payload: Buffer.from(payload, 'base64url').toString(),
    });

    expect((await appA.get('/who', bearer(tokenA))).status).toBe(200);
    expect((await appB.get('/who', bearer(tokenB))).status).toBe(200);
    expect(await appA.get('/who', bearer(tokenB))).toBeRefused('token_signature_invalid');
    expect(await appB.get('/who', bearer(tokenA))).toBeRefused('token_signature_invalid');
  });

  it('refuses a webhook token as a session token', async () => {
    await using hanko = await FakeHanko.start();
    await using app = await startFor(hanko);
    const webhook = await hanko.webhookToken('user.create', { id: randomUUID() });

    expect(await app.get('/who', bearer(webhook))).toBeRefused('token_not_a_session');
    expect(await app.get('/who', cookie(webhook))).toBeRefused('token_not_a_session');
  });
});
