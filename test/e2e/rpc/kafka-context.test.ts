import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  UseFilters,
} from '@nestjs/common';
import {
  type CustomTransportStrategy,
  EventPattern,
  KafkaContext,
  MessagePattern,
  Payload,
  Server,
} from '@nestjs/microservices';
import { CurrentUser, HankoAuthError } from 'nestjs-hanko';
import { firstValueFrom, isObservable, lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  hanko,
  ran,
  refusal,
  run,
  type RunningRpc,
  startRpc,
  token,
  userId,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

useRpcHanko();

/** Calls handlers as Nest's Kafka server does, with its contexts, and without a broker. */
class Records extends Server implements CustomTransportStrategy {
  listen(ready: () => void): void {
    ready();
  }

  close(): void {}

  on(): void {}

  // eslint-disable-next-line typescript/no-unnecessary-type-parameters -- as Nest declares it
  unwrap<T>(): T {
    return undefined as T;
  }

  /** An event that fails is delivered again, so it rejects. */
  async deliver(pattern: string, headers: object, data: unknown = {}): Promise<unknown> {
    const context = new KafkaContext([
      { key: null, value: data, headers } as never,
      0,
      pattern,
      {} as never,
      async () => undefined,
      {} as never,
    ]);
    const handler = this.getHandlerByPattern(pattern);
    const result: unknown = await handler?.(data, context);
    if (handler?.isEventHandler !== true) {
      return firstValueFrom(this.transformToObservable(result)).catch((refused: unknown) => ({
        refused,
      }));
    }
    return isObservable(result) ? lastValueFrom(result) : result;
  }
}

/** As docs/microservices.md has it. */
@Catch(HankoAuthError)
class SkipRefused implements ExceptionFilter {
  catch(error: HankoAuthError, _host: ArgumentsHost): Observable<unknown> {
    return error.getStatus() === 503 ? throwError(() => error) : of(undefined);
  }
}

@Controller()
class TopicController {
  @MessagePattern('message')
  message(@CurrentUser('id') id: string): string {
    return run('message', id);
  }

  @EventPattern('event')
  event(@Payload() _data: unknown): void {
    run('event', undefined);
  }

  @UseFilters(SkipRefused)
  @EventPattern('skipped')
  skipped(@Payload() _data: unknown): void {
    run('skipped', undefined);
  }
}

describe('behind the context of Kafka', { shuffle: false }, () => {
  const records = new Records();
  let rpc: RunningRpc;
  beforeAll(async () => {
    rpc = await startRpc({ strategy: records }, { controllers: [TopicController] });
  });
  beforeEach(() => void ran.splice(0));
  afterAll(() => rpc?.[Symbol.asyncDispose]());

  const headers = () => ({ Authorization: `Bearer ${token}` });

  it('a message is authenticated by the header fields of its record, and by nothing in its value', async () => {
    expect(await records.deliver('message', headers())).toBe(userId);
    expect(await records.deliver('message', {}, { headers: headers() })).toEqual(
      refusal('credentials_missing'),
    );
    expect(ran).toEqual(['message']);
  });

  it('an event that is refused fails, so that it comes again, unless a filter skips it', async () => {
    await records.deliver('event', headers());
    await records.deliver('skipped', headers());
    expect(ran).toEqual(['event', 'skipped']);
    const warned = rpc.log.messages('warn', 'HankoAuth').length;

    await expect(records.deliver('event', {})).rejects.toMatchObject({ status: 'error' });
    await expect(records.deliver('skipped', {})).resolves.toBeUndefined();
    expect(ran).toHaveLength(2);
    expect(rpc.log.messages('warn', 'HankoAuth')).toHaveLength(warned + 2);
  });

  it('an outage of Hanko is not skipped', async () => {
    await hanko.rotateKey();
    const unknown = await hanko.token();
    await hanko.fault('down');
    try {
      await expect(
        records.deliver('skipped', { authorization: `Bearer ${unknown}` }),
      ).rejects.toMatchObject({ code: 'hanko_unavailable' });
    } finally {
      await hanko.recover();
    }
  });
});
