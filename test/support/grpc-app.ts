import { fileURLToPath } from 'node:url';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import {
  CurrentUser,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import {
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { map, type Observable, of, toArray } from 'rxjs';
import { freePort } from '../redis/redis-server.js';
import { type RpcParts, type RunningRpc, run, startRpc } from './rpc-handlers.js';

const protoPath = fileURLToPath(new URL('./rpc-calls.proto', import.meta.url));

export interface Text {
  readonly text: string;
}

const about = (user: HankoUser | null, sessionToken: string | null): Text => ({
  text: `${user?.id ?? 'nobody'} ${sessionToken === null ? 'without' : 'with'} a token`,
});

@Controller()
export class CallsController {
  @GrpcMethod('Calls', 'Required')
  required(@CurrentUser() user: HankoUser, @SessionToken() token: string): Text {
    return run('Required', about(user, token));
  }

  @OptionalAuth()
  @GrpcMethod('Calls', 'Optional')
  optional(@CurrentUser() user: HankoUser | null, @SessionToken() token: string | null): Text {
    return run('Optional', about(user, token));
  }

  @Public()
  @GrpcMethod('Calls', 'Open')
  open(@CurrentUser() user: HankoUser | null): Text {
    return run('Open', about(user, null));
  }

  @RequireAuth({ mfa: true })
  @GrpcMethod('Calls', 'Mfa')
  mfa(): Text {
    return run('Mfa', { text: 'mfa' });
  }

  @RequireAuth({ claims: { tier: 'gold' } })
  @GrpcMethod('Calls', 'Gold')
  gold(): Text {
    return run('Gold', { text: 'gold' });
  }

  @GrpcMethod('Calls', 'Down')
  down(): Observable<Text> {
    return run('Down', of({ text: '1' }, { text: '2' }));
  }

  @GrpcStreamMethod('Calls', 'Up')
  up(texts: Observable<Text>): Observable<Text> {
    return run('Up', texts.pipe(toArray(), map(joined)));
  }

  @GrpcStreamMethod('Calls', 'Both')
  both(texts: Observable<Text>): Observable<Text> {
    return run('Both', texts);
  }

  @GrpcStreamCall('Calls', 'RawUp')
  rawUp(call: RawCall, answer: (error: null, text: Text) => void): void {
    run('RawUp', undefined);
    const texts: Text[] = [];
    call.on('data', (text: Text) => texts.push(text));
    call.on('end', () => answer(null, joined(texts)));
  }

  @GrpcStreamCall('Calls', 'RawBoth')
  rawBoth(call: RawCall): void {
    run('RawBoth', undefined);
    call.on('data', (text: Text) => call.write(text));
    call.on('end', () => call.end());
  }

  // Nest's decorator puts another function in its place: marks count above and below it.
  @GrpcStreamMethod('Calls', 'OpenBoth')
  @Public()
  openBoth(texts: Observable<Text>): Observable<Text> {
    return run('OpenBoth', texts);
  }

  @Public()
  @GrpcMethod('Calls', 'Fails')
  fails(): Text {
    throw new Error('a secret of the database');
  }
}

type RawCall = ClientDuplexStream<Text, Text>;

const joined = (texts: readonly Text[]): Text => ({
  text: texts.map(({ text }) => text).join('+'),
});

/** How a call ended, and what was received until then. */
export interface GrpcEnd {
  readonly code: number;
  readonly details: string;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly texts: readonly string[];
}

export interface RunningGrpc extends RunningRpc {
  /** Host and port. */
  readonly url: string;
  /** Calls it, with texts in the place of its one message, or as its stream of them. */
  call(method: string, metadata?: Metadata): Promise<GrpcEnd>;
  /** Begins a call of which one side or both send more than one message. */
  open(method: string, metadata?: Metadata): OpenCall;
}

/** A call that goes on. */
export interface OpenCall {
  /** The texts that came, and at the end the status. */
  readonly seen: readonly unknown[];
  /** Of calls whose client sends a stream, once it was opened. */
  readonly stream: RawCall;
}

type Method = (...args: unknown[]) => RawCall;

export async function startGrpc(parts: RpcParts = {}): Promise<RunningGrpc> {
  const url = `127.0.0.1:${await freePort()}`;
  const rpc = await startRpc(
    { transport: Transport.GRPC, options: { url, package: 'calls', protoPath } },
    { controllers: [CallsController], ...parts },
  );
  const { calls } = loadPackageDefinition(loadSync(protoPath)) as unknown as {
    calls: {
      Calls: new (url: string, of: unknown) => Record<string, Method> & { close(): void };
    };
  };
  const client = new calls.Calls(url, credentials.createInsecure());
  return {
    ...rpc,
    url,
    call: (name, metadata = new Metadata()) => {
      const method = client[name] as Method & { requestStream: boolean; responseStream: boolean };
      const { requestStream, responseStream } = method;
      return new Promise((resolve) => {
        const texts: string[] = [];
        const given = [
          ...(requestStream ? [] : [{ text: '1' }]),
          metadata,
          // A bound of a hang: nothing is waited for.
          { deadline: Date.now() + 20_000 },
          ...(responseStream
            ? []
            : [(_error: unknown, answer?: Text) => void (answer && texts.push(answer.text))]),
        ];
        const call = method.apply(client, given);
        if (responseStream) {
          call.on('data', ({ text }: Text) => texts.push(text)).on('error', () => undefined);
        }
        call.on('status', (status) => {
          const { code, details, metadata: trailers } = status;
          // The answer of a unary call comes after its status.
          setImmediate(() => resolve({ code, details, trailers: trailers.getMap(), texts }));
        });
        if (!requestStream) return;
        call.write({ text: '1' });
        call.write({ text: '2' });
        call.end();
      });
    },
    open: (name, metadata = new Metadata()) => {
      const method = client[name] as Method & { requestStream: boolean; responseStream: boolean };
      const seen: unknown[] = [];
      const given = [
        ...(method.requestStream ? [] : [{ text: '1' }]),
        metadata,
        ...(method.responseStream
          ? []
          : [(_error: unknown, answer?: Text) => void (answer && seen.push(answer.text))]),
      ];
      const stream = method.apply(client, given);
      if (method.responseStream) {
        stream.on('data', ({ text }: Text) => seen.push(text)).on('error', () => undefined);
      }
      stream.on('status', ({ code, details, metadata: trailers }) =>
        seen.push({ code, details, trailers: trailers.getMap() }),
      );
      return { seen, stream };
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      await rpc[Symbol.asyncDispose]();
    },
  };
}
