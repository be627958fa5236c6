import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import '../../support/to-be-refused.js';
import { bearer, type RunningApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { ran } from '../../support/graphql-notes.js';
import { token, useGuardedHanko } from '../../support/guarded-app.js';

useGuardedHanko();

/** What the server sends until it has answered one operation, by the protocol of subscriptions-transport-ws. */
const answersTo = (url: string, query: string): Promise<readonly unknown[]> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-ws', {
      headers: bearer(token),
    });
    const frames: { readonly type: string; readonly payload?: unknown }[] = [];
    const say = (frame: object): void => socket.send(JSON.stringify(frame));
    socket.once('error', reject);
    socket.once('open', () => {
      say({ type: 'connection_init', payload: { token } });
      say({ id: '1', type: 'start', payload: { query } });
    });
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as (typeof frames)[number];
      frames.push(frame);
      if (!['complete', 'error'].includes(frame.type)) return;
      socket.close();
      resolve(frames.flatMap(({ payload }) => (payload === undefined ? [] : [payload])));
    });
  });

const apollo = DRIVERS.filter(({ name }) => name.startsWith('Apollo'));

describe.each(apollo)('$name, by subscriptions-transport-ws', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, {
      graphql: { subscriptions: { 'subscriptions-transport-ws': true } },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());
  beforeEach(() => void ran.splice(0));

  it('is refused, whatever the client says, with a line that says what to change', async () => {
    for (const query of [
      'subscription { ticks }',
      'subscription { optionalTicks }',
      '{ whoAmI }',
    ]) {
      expect(JSON.stringify(await answersTo(app.url, query))).toContain('context_unsupported');
    }
    expect(ran).toEqual([]);
    expect(app.log.messages('error', 'HankoAuth')).toContainEqual(
      expect.stringMatching(
        /^NotesResolver\.ticks: its GraphQL context shows no request .*"graphql-ws": true/,
      ),
    );
  });

  it('is open where it is public', async () => {
    expect(JSON.stringify(await answersTo(app.url, 'subscription { openTicks }'))).toContain(
      '"openTicks":"nobody"',
    );
  });
});
