import {
  Controller,
  Get,
  Injectable,
  type PipeTransform,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  type HankoUser,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { hankoUser } from 'nestjs-hanko/testing';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from '../../support/app.js';

// What `nest g controller` and `nest g gateway` write beside a class: a TestingModule of the class alone.

@Injectable()
class UpperCasePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return value.toUpperCase();
  }
}

@Controller('notes')
class ParameterController {
  @Get()
  list(
    @CurrentUser() user: HankoUser,
    @CurrentUser('id', UpperCasePipe) id: string,
    @SessionToken() token: string,
  ): unknown {
    return { owner: user.email?.address, id, token };
  }
}

@UseGuards(HankoAuthGuard)
@Controller('guarded')
class GuardedController extends ParameterController {}

@RequireAuth({ mfa: true })
@Controller('required')
class RequiredController extends ParameterController {}

@Controller('method')
class MethodController {
  @RequireAuth({ session: 'online' })
  @Get()
  list(
    @CurrentUser() user: HankoUser,
    @CurrentUser('id', UpperCasePipe) id: string,
    @SessionToken() token: string,
  ): unknown {
    return { owner: user.email?.address, id, token };
  }
}

@Resolver('Note')
class NotesResolver {
  @RequireAuth({ mfa: true })
  @Query()
  notes(@CurrentUser('id') id: string): string {
    return `notes of ${id}`;
  }

  @ResolveField()
  author(@CurrentUser() user: HankoUser): string {
    return user.id;
  }
}

@UseGuards(HankoAuthGuard)
@Controller()
class MessageController {
  @MessagePattern('sum')
  sum(@CurrentUser('id') id: string, @Payload() numbers: readonly number[]): string {
    return `${id} ${numbers.length}`;
  }
}

const CONTROLLERS = [ParameterController, GuardedController, RequiredController, MethodController];

@WebSocketGateway()
class Gateway {
  @UseGuards(HankoAuthGuard)
  @SubscribeMessage('send')
  send(@CurrentUser('id') id: string, @MessageBody() text: string): string {
    return `${id} ${text}`;
  }
}

const ada = hankoUser({ id: 'ada', email: 'ada@example.test' });

const ADAS = { owner: 'ada@example.test', id: 'ADA', token: 'a-token' };

/** Runs with the metadata that Nest's own CLI writes. */
const compile = (controller: Type, mocker?: (token: unknown) => object) => {
  const builder = Test.createTestingModule({ controllers: [controller] });
  return (mocker === undefined ? builder : builder.useMocker(mocker)).compile();
};

describe('a generated spec, without HankoModule', () => {
  it.each(CONTROLLERS)('compiles $name, and its method can be called', async (controller) => {
    const module = await compile(controller);

    expect(module.get(controller).list(ada, 'ADA', 'a-token')).toEqual(ADAS);
  });

  it('compiles a gateway, and its method can be called', async () => {
    const module = await Test.createTestingModule({ providers: [Gateway] }).compile();

    expect(module.get(Gateway).send('ada', 'hello')).toBe('ada hello');
  });

  it.each([false, true])(
    'compiles a resolver and a message handler, override: %s',
    async (isOverridden) => {
      const builder = Test.createTestingModule({
        providers: [NotesResolver],
        controllers: [MessageController],
      });
      const module = await (
        isOverridden
          ? builder.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true })
          : builder
      ).compile();

      expect(module.get(NotesResolver).notes('ada')).toBe('notes of ada');
      expect(module.get(NotesResolver).author(ada)).toBe('ada');
      expect(module.get(MessageController).sum('ada', [1, 2])).toBe('ada 2');
    },
  );

  it.each(CONTROLLERS)('compiles $name with overrideGuard()', async (controller) => {
    const module = await Test.createTestingModule({ controllers: [controller] })
      .overrideGuard(HankoAuthGuard)
      .useValue({ canActivate: () => true })
      .compile();

    expect(module.get(controller).list(ada, 'ADA', 'a-token')).toEqual(ADAS);
  });

  it.each(CONTROLLERS)('compiles $name with auto-mocks', async (controller) => {
    const module = await compile(controller, () => ({}));

    expect(module.get(controller).list(ada, 'ADA', 'a-token')).toEqual(ADAS);
  });

  it('compiles a controller that asks the service, given a value by hand', async () => {
    @Controller('asking')
    class AskingController {
      constructor(private readonly hanko: HankoAuthService) {}

      async who(): Promise<string> {
        return (await this.hanko.verifyToken('a-token')).id;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HankoAuthService], AskingController);
    const module = await Test.createTestingModule({
      controllers: [AskingController],
      providers: [
        { provide: HankoAuthService, useValue: { verifyToken: () => Promise.resolve(ada) } },
      ],
    }).compile();

    expect(await module.get(AskingController).who()).toBe('ada');
  });

  it.each([
    { controller: ParameterController, path: /^(?:@CurrentUser|@SessionToken)\(\)$/ },
    {
      controller: GuardedController,
      path: /^(?:@CurrentUser\(\)|@SessionToken\(\)|HankoAuthGuard)$/,
    },
  ])('names HankoModule when $controller.name is to answer requests', async (expected) => {
    const module = await compile(expected.controller);
    const error: unknown = await module.init().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(HankoConfigurationError);
    expect((error as HankoConfigurationError).faults).toMatchObject([
      {
        path: expect.stringMatching(expected.path),
        hint: expect.stringMatching(/cannot see HankoModule.*HankoStub.*nestjs-hanko\/testing/s),
      },
    ]);
  });

  it('names the stub where a test put something else in the place of the service', async () => {
    const module = await compile(ParameterController, () => ({ authenticate: () => ada }));

    await expect(module.init()).rejects.toThrow(/that a test has replaced.*HankoStub/s);
  });
});

describe.each(PLATFORMS)('a guard that a test replaced, on %s', (platform) => {
  it('does not make somebody of nobody: without HankoModule the app does not start', async () => {
    const starting = startApp(
      platform,
      {
        controllers: [ParameterController],
        providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard }],
      },
      {
        override: (builder) =>
          builder.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true }),
      },
    );

    await expect(starting).rejects.toThrow(/cannot see HankoModule/);
  });
});
