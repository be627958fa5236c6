import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule, RequireAuth } from 'nestjs-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { documentedCodes, documentOf, operationsOf } from '../../support/openapi.js';

/** Claims of these tests are declared by nobody. */
const Demand = (options: object): ClassDecorator & MethodDecorator => RequireAuth(options);

const ALL = {
  mfa: true,
  amr: 'passkey',
  maxAgeSeconds: 60,
  verifiedEmail: true,
  claims: { role: 'admin', tier: 'gold' },
  session: 'online',
};

@Demand(ALL)
@Controller('all')
class AllController {
  @Get('kept')
  kept(): string {
    return 'in';
  }

  @Demand({
    mfa: null,
    amr: null,
    maxAgeSeconds: null,
    verifiedEmail: null,
    claims: null,
    session: null,
  })
  @Get('none')
  none(): string {
    return 'in';
  }

  @Demand({
    mfa: null,
    amr: null,
    maxAgeSeconds: null,
    verifiedEmail: null,
    claims: { role: null },
  })
  @Get('one-claim')
  oneClaim(): string {
    return 'in';
  }

  @Demand({
    mfa: null,
    amr: null,
    maxAgeSeconds: null,
    verifiedEmail: null,
    claims: { role: false },
  })
  @Get('false')
  isFalse(): string {
    return 'in';
  }
}

@Demand({ claims: null, mfa: null })
class BetweenController extends AllController {}

@Demand({ claims: { tier: 'silver' } })
@Controller('inherited')
class InheritedController extends BetweenController {
  @Get('own')
  own(): string {
    return 'in';
  }
}

describe.each(PLATFORMS)('a demand that is taken back by null, on %s', (platform) => {
  let hanko: FakeHanko;
  let app: RunningApp;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [AllController, InheritedController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await hanko.stop();
  });

  const unmetAt = async (path: string, claims: object = {}): Promise<unknown> => {
    const token = await hanko.token({
      amr: ['otp'],
      emailVerified: false,
      ageSeconds: 120,
      claims: { ...claims },
    });
    const { text, body } = await app.get(path, bearer(token));
    if (text === 'in') return text;
    return (body as { unmet: { requirement: string; claim?: string }[] }).unmet.map(
      ({ requirement, claim }) => claim ?? requirement,
    );
  };

  it('is demanded no longer, and all others are', async () => {
    expect(await unmetAt('/all/kept')).toEqual([
      'mfa',
      'amr',
      'maxAgeSeconds',
      'verifiedEmail',
      'role',
      'tier',
    ]);
    expect(await unmetAt('/all/none')).toBe('in');
    expect(await unmetAt('/all/one-claim')).toEqual(['tier']);
    expect(await unmetAt('/all/one-claim', { tier: 'gold' })).toBe('in');
  });

  it('false is a value that a claim must have', async () => {
    expect(await unmetAt('/all/false', { tier: 'gold' })).toEqual(['role']);
    expect(await unmetAt('/all/false', { tier: 'gold', role: false })).toBe('in');
  });

  it('by a class between holds for the classes below it, which may demand again', async () => {
    expect(await unmetAt('/inherited/own')).toEqual([
      'amr',
      'maxAgeSeconds',
      'verifiedEmail',
      'tier',
    ]);
  });

  it('takes the session policy back to the module’s', async () => {
    hanko.clearRequests();
    await unmetAt('/all/none');
    expect(hanko.countRequests('/sessions/validate')).toBe(0);
  });

  it('is not told by the audit and the OpenAPI document either', () => {
    const none = describeRoutes(app.app).find(({ handler }) => handler === 'AllController.none');
    expect(Object.values(none?.demands ?? {}).filter((demand) => demand !== null)).toEqual([]);
    const document = documentOf(app.app);
    const { 'GET /all/none': operation, 'GET /all/one-claim': claim } = operationsOf(document);
    const codes = operation === undefined ? [] : documentedCodes(document, operation);
    expect(codes).toContain('token_expired');
    expect(codes).not.toContain('step_up_required');
    expect(codes).not.toContain('requirement_not_met');
    expect(claim && documentedCodes(document, claim)).toContain('requirement_not_met');
  });
});
