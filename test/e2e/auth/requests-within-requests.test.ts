import { Controller, type ExecutionContext, Get, Inject, Req } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  type HankoUser,
  HankoAuthGuard,
  HankoModule,
  type IncomingRequest,
  isHankoError,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

type Headers = Record<string, string>;

/** Copies of a request with header fields of their own, as executors of batches make them. */
const COPIES: Readonly<Record<string, (request: IncomingRequest, headers: Headers) => object>> = {
  inherits: (request, headers) => Object.create(request, { headers: { value: headers } }) as object,
  spread: (request, headers) => ({ ...request, method: 'GET', headers }),
  'shares raw': (request, headers) => ({ method: 'GET', headers, raw: request.raw ?? request }),
};

@Controller()
class BatchController {
  constructor(@Inject(HankoAuthGuard) private readonly guard: HankoAuthGuard) {}

  @RequireAuth()
  @Get('batch')
  async batch(@Req() request: IncomingRequest): Promise<unknown> {
    const { 'x-as': other, 'x-copy': how } = request.headers as Headers;
    const headers = other === undefined ? {} : bearer(other);
    const lowerCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const copy = COPIES[how as string]?.(request, lowerCase) as { user?: HankoUser };
    const context = {
      getType: () => 'http',
      getClass: () => BatchController,
      // oxlint-disable-next-line typescript/unbound-method -- as Nest hands it over
      getHandler: () => BatchController.prototype.batch,
      getArgByIndex: (index: number) => [copy, {}][index],
      switchToHttp: () => ({ getRequest: () => copy }),
    } as unknown as ExecutionContext;
    try {
      await this.guard.canActivate(context);
      return { user: copy.user?.id };
    } catch (error) {
      return { code: isHankoError(error) ? error.code : String(error) };
    }
  }
}

describe.each(PLATFORMS)('a request of the same route within a request, on %s', (platform) => {
  let hanko: FakeHanko;
  let app: RunningApp;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [BatchController],
    });
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await hanko.stop();
  });

  it.each(Object.keys(COPIES))(
    'is by whom its own header fields name: a copy that %s',
    async (how) => {
      const [ada, bob] = [hanko.createUser().id, hanko.createUser().id];
      const outer = { ...bearer(await hanko.token({ user: ada })), 'X-Copy': how };
      const inner = await hanko.token({ user: bob });

      expect((await app.get('/batch', { ...outer, 'X-As': inner })).body).toEqual({ user: bob });
      expect((await app.get('/batch', { ...outer, 'X-As': 'garbage' })).body).toEqual({
        code: 'token_malformed',
      });
      expect((await app.get('/batch', outer)).body).toEqual({ code: 'credentials_missing' });
    },
  );
});
