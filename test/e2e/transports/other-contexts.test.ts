import * as common from '@nestjs/common';
import { type ExecutionContext, Injectable, Module } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { HankoAuthService, HankoContextError, Public, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, startApp } from '../../support/app.js';
import {
  useMessageHanko,
  run,
  ran,
  refusedHandlers,
  token,
  hankoModule,
  APP_GUARD_PROVIDER,
} from '../../support/message-app.js';

useMessageHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('contexts of any other kind', () => {
    /** Every package that calls methods from outside marks them with metadata of its own. */
    const Query = () => common.SetMetadata('graphql:resolver_type', 'Query');

    @Injectable()
    class Resolver {
      @Query()
      unmarked(): unknown {
        return run('unmarked');
      }

      @Public()
      @Query()
      open(): unknown {
        return run('public');
      }

      @RequireAuth()
      @Query()
      closed(): unknown {
        return run('closed');
      }
    }

    it.each(['necord', 'rmq', 'bull', 'HTTP', 'GraphQL'])(
      'are refused under APP_GUARD unless @Public(): %j',
      async (type) => {
        @Module({ providers: [Resolver] })
        class ResolverModule {}
        await using app = await startApp(platform, {
          imports: [hankoModule(), ResolverModule],
          providers: [APP_GUARD_PROVIDER],
        });
        const resolver = app.app.get(Resolver, { strict: false });
        const creator = app.app.get(ExternalContextCreator);
        const request = { headers: { authorization: `Bearer ${token}` }, method: 'GET' };
        const call = async (method: 'unmarked' | 'open' | 'closed'): Promise<unknown> => {
          // eslint-disable-next-line typescript/unbound-method -- as GraphQL's module does
          const callback = resolver[method];
          const handler: unknown = creator.create(
            resolver,
            callback,
            method,
            undefined,
            undefined,
            undefined,
            undefined,
            { guards: true, filters: false, interceptors: false },
            type,
          );
          return (handler as (...args: unknown[]) => Promise<unknown>)(
            request,
            {},
            { req: request },
            {},
          );
        };

        await expect(call('unmarked')).rejects.toThrow(HankoContextError);
        await expect(call('closed')).rejects.toMatchObject({
          code: 'context_unsupported',
          status: 501,
        });
        expect(await call('open')).toBe('public');
        expect(ran).toEqual(['public']);
      },
    );

    it('are refused by the service', async () => {
      await using app = await startApp(platform, { imports: [hankoModule()] });
      const context = {
        getType: () => 'necord',
        getClass: () => Resolver,
        // eslint-disable-next-line typescript/unbound-method -- as Nest hands it out
        getHandler: () => Resolver.prototype.unmarked,
        switchToHttp: () => ({
          getRequest: () => ({ headers: bearer(token), method: 'GET' }),
          getResponse: () => ({}),
        }),
      } as unknown as ExecutionContext;
      const service = app.app.get(HankoAuthService);

      for (const options of [{}, { optional: true }]) {
        const refusal = service.authenticate(context, options);
        await expect(refusal).rejects.toThrow(HankoContextError);
        await expect(refusal).rejects.toMatchObject({ code: 'context_unsupported' });
      }
      expect(refusedHandlers(app.log.messages('error'))).toEqual(['Resolver.unmarked necord']);
    });
  });
});
