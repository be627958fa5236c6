import { Controller, Delete, Get, HttpCode, Inject, Module, Param, Post } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { HankoModule, HankoProfile, SessionToken } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminError, HankoAdminModule } from 'nestjs-hanko/admin';
import { HankoStub } from 'nestjs-hanko/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, startApp } from '../../support/app.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

@Controller('users')
class UsersController {
  constructor(
    @Inject(HankoAdmin) private readonly admin: HankoAdmin,
    @Inject(HankoProfile) private readonly profiles: HankoProfile,
  ) {}

  @HttpCode(204)
  @Delete(':id')
  async remove(@Param('id') id: string): Promise<void> {
    try {
      await this.admin.users.delete(id);
    } catch (error) {
      if (!(error instanceof HankoAdminError && error.code === 'not_found')) throw error;
    }
  }

  @Get('me')
  me(@SessionToken() token: string): Promise<unknown> {
    return this.profiles.get(token);
  }

  @HttpCode(204)
  @Post('logout')
  logout(@SessionToken() token: string): Promise<void> {
    return this.profiles.logout(token);
  }
}

@Module({
  imports: [HankoModule.forRoot(), HankoAdminModule.forRoot()],
  controllers: [UsersController],
  providers: [APP_GUARD_PROVIDER],
})
class AppModule {}

afterEach(() => vi.unstubAllEnvs());

describe('an app with HankoAdmin, tested without Hanko', () => {
  it('has an object in its place, and needs no address', async () => {
    const stub = new HankoStub();
    const deleted: string[] = [];
    const users = {
      delete: (id: string) => {
        deleted.push(id);
        return Promise.reject(new HankoAdminError('not_found', `there is no ${id}`));
      },
    };
    await using app = await startApp(
      'Express',
      { imports: [AppModule] },
      {
        override: (builder) =>
          stub.override(builder).overrideProvider(HankoAdmin).useValue({ users }),
      },
    );

    expect(await app.request('DELETE', '/users/a')).toBeRefused('credentials_missing');
    stub.signIn();
    expect((await app.request('DELETE', '/users/a')).status).toBe(204);
    expect(deleted).toEqual(['a']);
  });

  it('has the profile of whom the test signs in, and logs them out', async () => {
    const stub = new HankoStub();
    await using app = await startApp(
      'Express',
      { imports: [AppModule] },
      {
        override: (builder) => stub.override(builder).overrideProvider(HankoAdmin).useValue({}),
      },
    );
    const { id } = stub.signIn({ email: 'ada@example.test', username: 'ada' });
    expect((await app.get('/users/me')).body).toMatchObject({
      id,
      username: 'ada',
      emails: [{ address: 'ada@example.test', isVerified: true, isPrimary: true }],
      passkeys: [],
      publicMetadata: {},
    });
    stub.signIn({});
    expect((await app.get('/users/me')).body).toMatchObject({ emails: [] });

    const token = stub.token();
    expect((await app.request('POST', '/users/logout', bearer(token))).status).toBe(204);
    expect(await app.get('/users/me', bearer(token))).toBeRefused('session_revoked');
    await app.app.get(HankoProfile).logout(token);
    await expect(app.app.get(HankoProfile).logout('other')).rejects.toMatchObject({
      code: 'token_signature_invalid',
    });
  });
});

describe('an app with HankoAdmin, tested on FakeHanko', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ users: [{ email: 'ada@example.test' }] });
  });
  afterAll(() => hanko.stop());

  it('has the real client: beside real tokens, and beside the stub', async () => {
    vi.stubEnv('HANKO_API_URL', hanko.url);
    vi.stubEnv('HANKO_ADMIN_URL', hanko.adminUrl);
    const stub = new HankoStub();
    await using app = await startApp('Express', { imports: [AppModule] });
    await using stubbed = await startApp(
      'Express',
      { imports: [AppModule] },
      { override: (builder) => stub.override(builder) },
    );
    const ada = await app.app.get(HankoAdmin).users.findByEmail('ada@example.test');
    const id = ada?.id ?? '';
    const token = await hanko.token({ user: id });
    stub.signIn({ id });

    expect((await app.get('/users/me', bearer(token))).status).toBe(200);
    expect((await stubbed.get('/users/me')).status).toBe(200);
    await stubbed.app.get(HankoAdmin).users.revokeSessions(id);
    expect(await stubbed.get('/users/me')).toBeRefused('session_revoked');
    expect((await app.request('DELETE', `/users/${id}`, bearer(token))).status).toBe(204);
    expect(await app.get('/users/me', bearer(token))).toBeRefused('session_revoked');
  });
});
