import * as common from '@nestjs/common';
import { Controller, type INestMicroservice, Module, type Provider } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
} from '@nestjs/microservices';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  type HankoModuleOptions,
  type HankoTransport,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { firstValueFrom, timeout } from 'rxjs';
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type AnswerCode, DOCUMENTED_ANSWERS } from './documented-answers.js';
import { CapturedLog } from './log.js';

export const IS_NEST_11 = !('StandardSchemaValidationPipe' in common);

export let hanko: FakeHanko;
/** Of two users. */
export let token: string;
export let otherToken: string;
export let userId: string;

/** Names of the handlers that ran. */
export let ran: string[] = [];

export const run = <Value>(name: string, value: Value): Value => {
  ran.push(name);
  return value;
};

/** To be called once in a file of tests. */
export function useRpcHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
    otherToken = await hanko.token();
  });
  afterAll(() => hanko?.stop());
  beforeEach(() => {
    ran = [];
  });
}

interface Opened {
  readonly id: string | null;
  readonly payload: unknown;
}

interface Seen {
  readonly id: string | null;
  readonly isToken: boolean;
}

const seen = (user: HankoUser | null, sessionToken: string | null): Seen => ({
  id: user?.id ?? null,
  isToken: sessionToken === token,
});

@Controller()
export class RpcController {
  @MessagePattern('required')
  required(@CurrentUser() user: HankoUser, @SessionToken() sessionToken: string): Seen {
    return run('required', seen(user, sessionToken));
  }

  @OptionalAuth()
  @MessagePattern('optional')
  optional(
    @CurrentUser() user: HankoUser | null,
    @SessionToken() sessionToken: string | null,
  ): Seen {
    return run('optional', seen(user, sessionToken));
  }

  @Public()
  @MessagePattern('public')
  open(@CurrentUser() user: HankoUser | null, @Payload() data: unknown): Opened {
    // Where the payload carries what is beside it, that is not repeated.
    const { fields: _, ...payload } = Object(data) as Record<string, unknown>;
    return run('public', { id: user?.id ?? null, payload });
  }

  @RequireAuth({ mfa: true })
  @MessagePattern('mfa')
  mfa(): string {
    return run('mfa', 'mfa');
  }

  @RequireAuth({ claims: { tier: 'gold' } })
  @MessagePattern('gold')
  gold(): string {
    return run('gold', 'gold');
  }

  @EventPattern('event')
  event(@CurrentUser('id') id: string): void {
    run(`event of ${id === userId ? 'the user' : id}`, undefined);
  }

  @Public()
  @EventPattern('public-event')
  openEvent(@Payload() _data: unknown): void {
    run('public-event', undefined);
  }
}

export const rpcHanko = (options: HankoModuleOptions = {}) =>
  HankoModule.forRoot({
    audience: 'localhost',
    // It may be another one.
    apiUrl: options.apiUrl ?? hanko.url,
    ...options,
  });

export const GUARDED: readonly Provider[] = [{ provide: APP_GUARD, useExisting: HankoAuthGuard }];

export type Fields = Readonly<Record<string, unknown>>;

/** A client, and how what a caller says beside its payload gets from it into a message. */
export interface Carrier {
  readonly client: ClientProxy;
  /** @returns the payload to be sent. */
  readonly carry: (data: unknown, fields: Fields) => unknown;
}

/** Over TCP and Redis: by the client of Nest 12. */
export function byHook(client: ClientProxy): Carrier {
  let fields: Fields = {};
  client.setOnDispatchHook((packet) => {
    (packet as { metadata?: unknown }).metadata = fields;
  });
  return {
    client,
    carry: (data, given) => {
      fields = given;
      return data;
    },
  };
}

/** Over TCP and Redis: in the payload, which a transport of the app reads; so on Nest 11. */
export const inPayload = (client: ClientProxy): Carrier => ({
  client,
  carry: (data, fields) => ({ ...(data as object), fields }),
});

export const payloadTransport: HankoTransport = {
  type: 'rpc',
  open(context) {
    const payload: unknown = context.getArgByIndex(0);
    if (!Object.hasOwn(Object(payload) as object, 'fields')) return undefined;
    const headers = Object.create(null) as Record<string, string[]>;
    const { fields } = payload as { fields: Readonly<Record<string, unknown>> };
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') (headers[name.toLowerCase()] ??= []).push(value);
    }
    return { request: { headers }, identity: context.getArgByIndex(1) };
  },
};

export interface RunningRpc extends AsyncDisposable {
  readonly app: INestMicroservice;
  readonly log: CapturedLog;
}

export interface RpcParts {
  readonly options?: HankoModuleOptions;
  readonly controllers?: readonly common.Type[];
  readonly providers?: readonly Provider[];
  /** Beside HankoModule. */
  readonly imports?: NonNullable<common.ModuleMetadata['imports']>;
}

/** An app that has nothing but message handlers. */
export async function startRpc(
  server: MicroserviceOptions,
  { options, controllers = [RpcController], providers = GUARDED, imports = [] }: RpcParts = {},
): Promise<RunningRpc> {
  @Module({
    imports: [rpcHanko(options), ...imports],
    controllers: [...controllers],
    providers: [...providers],
  })
  class RpcModule {}
  const log = new CapturedLog();
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(RpcModule, {
    ...server,
    logger: log,
    abortOnError: false,
  });
  await app.listen();
  return { app, log, [Symbol.asyncDispose]: () => app.close() };
}

/** What a message is answered with: a reply, or what came in its place. */
export const sendBy = async (
  { client, carry }: Carrier,
  pattern: string,
  fields: Fields = {},
  data: unknown = {},
): Promise<unknown> =>
  firstValueFrom(client.send<unknown>(pattern, carry(data, fields)).pipe(timeout(10_000))).catch(
    (refused: unknown) => ({ refused }),
  );

export const emitBy = async (
  { client, carry }: Carrier,
  pattern: string,
  fields: Fields = {},
): Promise<unknown> =>
  firstValueFrom(client.emit(pattern, carry({}, fields)), { defaultValue: undefined });

export const refusal = (code: AnswerCode): object => ({
  refused: {
    statusCode: DOCUMENTED_ANSWERS[code].status,
    code,
    message: DOCUMENTED_ANSWERS[code].message,
  },
});

export const unmet = (code: AnswerCode): object => ({
  refused: expect.objectContaining({
    statusCode: DOCUMENTED_ANSWERS[code].status,
    code,
    unmet: [expect.anything()],
  }) as object,
});

/** Brokers say when a client is connected, not when its subscriptions reach it. */
export const reachable = ({ client, carry }: Carrier): Promise<unknown> =>
  vi.waitFor(
    () => firstValueFrom(client.send<unknown>('public', carry({}, {})).pipe(timeout(500))),
    { timeout: 30_000 },
  );

/** What was logged and answered must not have it. */
export const expectNoToken = (log: CapturedLog, ...answers: readonly unknown[]): void => {
  const texts = [...log.lines.map(({ text }) => text), JSON.stringify(answers)];
  for (const secret of [token, otherToken]) {
    const signature = secret.slice(-40);
    expect(texts.filter((text) => text.includes(signature))).toEqual([]);
  }
};

export const eventually = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });
