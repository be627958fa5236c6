import { connect } from 'node:http2';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { type ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { HankoLiveSessions, HankoRevocation, RequireAuth } from 'nestjs-hanko';
import { map, merge, type Observable, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { sessionIdIn } from '../../support/claims-in.js';
import { startGrpc, type Text } from '../../support/grpc-app.js';
import {
  ENDINGS,
  eventually,
  expectNothingHeld,
  expectSeen,
  hanko,
  liveOptions,
  Source,
  useLiveApp,
  useLiveHanko,
} from '../../support/live-streams.js';

useLiveHanko();

/** What goes out, and what comes in. */
const sent = new Source();
const received = new Source();

const asText = (text: string): Text => ({ text });
const texts = (from: Observable<Text>): Observable<string> =>
  received.follow(from.pipe(map(({ text }) => text)));

type RawCall = ClientDuplexStream<Text, Text>;

@Controller()
@RequireAuth({ session: 'online' })
class LiveCallsController {
  @GrpcMethod('Calls', 'Down')
  down(): Observable<Text> {
    return sent.observe('begun').pipe(map(asText));
  }

  @GrpcStreamMethod('Calls', 'Up')
  up(from: Observable<Text>): Observable<Text> {
    return texts(from).pipe(
      toArray(),
      map((all) => asText(all.join('+'))),
    );
  }

  @GrpcStreamMethod('Calls', 'Both')
  both(from: Observable<Text>): Observable<Text> {
    return merge(sent.observe('begun'), texts(from)).pipe(map(asText));
  }

  @GrpcStreamCall('Calls', 'RawUp')
  rawUp(call: RawCall, answer: (error: null, text: Text) => void): void {
    call.on('cancelled', received.hold());
    const all: string[] = [];
    call.on('data', ({ text }: Text) => all.push(text));
    call.on('end', () => answer(null, asText(all.join('+'))));
  }

  @GrpcStreamCall('Calls', 'RawBoth')
  rawBoth(call: RawCall): void {
    call.on('cancelled', received.hold());
    call.write(asText('begun'));
    call.on('data', (text: Text) => call.write(text));
    call.on('end', () => call.end());
  }
}

const bearer = (token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

const STREAMS = [
  { kind: 'of a server', method: 'Down', first: ['begun'] },
  { kind: 'of a client', method: 'Up', first: [] },
  { kind: 'in both directions', method: 'Both', first: ['begun', 'mine'] },
  { kind: "of a client, as gRPC's own call", method: 'RawUp', first: [] },
  { kind: "in both directions, as gRPC's own call", method: 'RawBoth', first: ['begun', 'mine'] },
];

const grpc = useLiveApp(
  () => startGrpc({ controllers: [LiveCallsController], options: liveOptions() }),
  sent,
  received,
);

describe.each(STREAMS)('a stream $kind', ({ method, first }) => {
  const isUp = method !== 'Down';

  it.each(ENDINGS)('ends when its session $title, and says why', async ({ code, end }) => {
    const token = await hanko.token();
    const call = grpc.open(method, bearer(token));
    if (isUp) call.stream.write({ text: 'mine' });
    await expectSeen(call, ...first);
    await eventually(() => expect(grpc.app.get(HankoLiveSessions).size).toBe(1));

    await end(grpc.app, token, () => call.seen.length > first.length);
    const isUnavailable = code === 'hanko_unavailable';
    const trailer = isUnavailable ? 'retry-after' : 'www-authenticate';
    await expectSeen(call, ...first, {
      code: isUnavailable ? 14 : 16,
      details: code,
      trailers: expect.objectContaining({ [trailer]: expect.any(String) as string }) as object,
    });
  });

  it('holds nothing when it has ended by itself', async () => {
    const call = grpc.open(method, bearer(await hanko.token()));
    if (isUp) call.stream.write({ text: 'mine' });
    await eventually(() => expect(grpc.app.get(HankoLiveSessions).size).toBe(1));
    await expectSeen(call, ...first);
    if (method === 'Down' || method === 'Both') call.stream.cancel();
    else call.stream.end();
    await eventually(() => expect(call.seen.at(-1)).toHaveProperty('code'));
  });
});

it.each(['Down', 'Both', 'RawBoth'])(
  'who calls %s and reads nothing keeps nothing going',
  async (method) => {
    const token = await hanko.token();
    // No byte of a message may be sent to it.
    const session = connect(`http://${grpc.url}`, { settings: { initialWindowSize: 0 } });
    try {
      const call = session.request({
        ':method': 'POST',
        ':path': `/calls.Calls/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        authorization: `Bearer ${token}`,
      });
      call.on('error', () => undefined);
      // A message without a field.
      call.write(Buffer.alloc(5));
      if (method === 'Down') call.end();
      await eventually(() => expect(sent.size + received.size).toBeGreaterThan(0));

      await grpc.app.get(HankoRevocation).revoke(sessionIdIn(token));
      await expectNothingHeld(grpc.app, sent, received);
    } finally {
      session.destroy();
    }
  },
);
