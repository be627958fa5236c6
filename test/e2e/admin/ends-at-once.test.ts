import { randomUUID } from 'node:crypto';
import { Controller, Get, type MessageEvent, Sse, type Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  type HankoForRootOptions,
  HankoLiveSessions,
  HankoModule,
  HankoUnavailableError,
  type HankoUser,
} from 'nestjs-hanko';
import { HankoAdmin, type HankoAdminForRootOptions, HankoAdminModule } from 'nestjs-hanko/admin';
import { NEVER, type Observable, startWith } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, type RunningApp, send, startApp } from '../../support/app.js';
import { claimsIn, sessionIdIn } from '../../support/claims-in.js';
import { closeLibrary } from '../../support/closed-gateways.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { connect } from '../../support/gateways.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

const clock = new FakeClock();
const store = new FaultyStore();
let hanko: FakeHanko;

@Controller()
class NotesController {
  @Get('notes')
  notes(@CurrentUser('id') id: string): string {
    return id;
  }

  @Sse('events')
  events(@CurrentUser() user: HankoUser): Observable<MessageEvent> {
    return NEVER.pipe(startWith({ data: user.id }));
  }
}

@WebSocketGateway()
class NotesGateway {}

type Imports = NonNullable<Parameters<typeof startApp>[1]['imports']>;

const hankoModule = (options: HankoForRootOptions = {}) =>
  HankoModule.forRoot({
    apiUrl: hanko.url,
    audience: 'localhost',
    now: clock.now,
    revocation: { store: store.store },
    ...options,
  });

const adminModule = (options: HankoAdminForRootOptions = {}) =>
  HankoAdminModule.forRoot({ url: hanko.adminUrl, ...options });

const startWithImports = (imports: Imports, providers: Type[] = []): Promise<RunningApp> =>
  startApp(
    'Express',
    { imports, controllers: [NotesController], providers: [APP_GUARD_PROVIDER, ...providers] },
    { configure: closeLibrary('ws') },
  );

/** Two instances that share a store; calls of the Admin API go through the first. */
let first: RunningApp;
let second: RunningApp;
let admin: HankoAdmin;

/** Called with each call to the Admin API, before it is made. A Response that it returns is Hanko's. */
let onCall: (method: string) => unknown = () => undefined;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now, lifespanSeconds: 30 * 86_400 });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const reply = await onCall(init?.method ?? 'GET');
    if (reply instanceof Response) return reply;
    return globalThis.fetch(input, init);
  };
  first = await startWithImports([hankoModule(), adminModule({ fetch })], [NotesGateway]);
  second = await startWithImports([hankoModule()]);
  admin = first.app.get(HankoAdmin);
});
afterEach(async () => {
  await hanko.recover();
  store.recover();
  onCall = () => undefined;
});
afterAll(async () => {
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  await hanko.stop();
});

const statusOf = async (app: RunningApp, token: string): Promise<number> =>
  (await app.get('/notes', bearer(token))).status;

async function expectOut(token: string, apps: readonly RunningApp[] = [first, second]) {
  for (const app of apps) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await app.get('/notes', bearer(token))).toBeRefused('session_revoked');
  }
}

async function expectIn(token: string): Promise<void> {
  expect([await statusOf(first, token), await statusOf(second, token)]).toEqual([200, 200]);
}

/** A user with a password and two sessions. */
async function signedIn() {
  const user = hanko.createUser({
    email: `${randomUUID()}@example.test`,
    password: 'old-password',
  });
  const token = await hanko.token({ user: user.id });
  const other = await hanko.token({ user: user.id });
  return { id: user.id, token, other, sessionId: sessionIdIn(token) };
}

const ENDINGS: readonly {
  readonly name: string;
  readonly end: (user: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>;
  /** Whether the user's other session goes on. */
  readonly isOne?: boolean;
}[] = [
  {
    name: 'sessions.revoke',
    end: ({ id, sessionId }) => admin.sessions.revoke(id.toUpperCase(), sessionId.toUpperCase()),
    isOne: true,
  },
  { name: 'sessions.revokeAll', end: ({ id }) => admin.sessions.revokeAll(id) },
  { name: 'users.revokeSessions', end: ({ id }) => admin.users.revokeSessions(id.toUpperCase()) },
  { name: 'users.delete', end: ({ id }) => admin.users.delete(id) },
  { name: 'passwords.update', end: ({ id }) => admin.passwords.update(id, 'new-password') },
  { name: 'passwords.delete', end: ({ id }) => admin.passwords.delete(id) },
];

describe.each(ENDINGS)('$name', ({ end, isOne = false }) => {
  it('ends sessions in all instances and at Hanko, before it resolves', async () => {
    const user = await signedIn();
    const bystander = await hanko.token();
    await end(user);

    await expectOut(user.token);
    expect([await statusOf(first, user.other), await statusOf(second, user.other)]).toEqual(
      isOne ? [200, 200] : [401, 401],
    );
    expect(hanko.sessions(user.id)).toHaveLength(isOne ? 1 : 0);
    await expectIn(bystander);
  });

  it('ends what the session opened: an event stream, a socket, a signal', async () => {
    const user = await signedIn();
    const stream = send(`${first.url}/events`, bearer(user.token));
    const socket = await connect('ws', first.url, { headers: bearer(user.token) });
    const { sub: id, exp, iat, session_id: sessionId } = claimsIn(user.token);
    const times = { expiresAt: new Date(exp * 1000), authenticatedAt: new Date(iat * 1000) };
    const signal = first.app.get(HankoLiveSessions).signal({ id, sessionId, ...times });
    await expect.poll(() => first.app.get(HankoLiveSessions).size).toBe(3);
    await end(user);

    expect(signal.aborted).toBe(true);
    expect((await stream).text).toContain(`data: ${id}`);
    expect(await socket.closed).toMatch(/4401/);
    expect(first.app.get(HankoLiveSessions).size).toBe(0);
  });

  it('is refused by this instance though the store is down, and says so', async () => {
    const user = await signedIn();
    store.break('throws');
    await expect(end(user)).rejects.toBeInstanceOf(HankoUnavailableError);
    await expectOut(user.token, [first]);

    store.recover();
    clock.advanceSeconds(60);
    await expect
      .poll(async () => {
        await end(user).catch(() => undefined);
        return statusOf(second, user.token);
      })
      .toBe(401);
  });
});

describe('what fails at Hanko', () => {
  it.each(ENDINGS)('$name: what may have been done holds here', async ({ end }) => {
    const user = await signedIn();
    await hanko.fault('error');
    await expect(end(user)).rejects.toMatchObject({ name: 'HankoAdminError', status: 500 });
    await hanko.recover();

    await expectOut(user.token);
  });

  it.each([400, 401, 403, 409, 429])(
    'users.delete: who was not deleted goes on: %i',
    async (status) => {
      const user = await signedIn();
      onCall = () => new Response('{}', { status, headers: { 'retry-after': '60' } });
      await expect(admin.users.delete(user.id)).rejects.toMatchObject({ status });
      await expect(admin.passwords.delete(user.id)).rejects.toMatchObject({ status });

      await expectIn(user.token);
    },
  );

  it('users.delete: a user whom Hanko no longer has is out, too', async () => {
    const user = await signedIn();
    hanko.deleteUser(user.id);
    await expectIn(user.token);
    await expect(admin.users.delete(user.id)).rejects.toMatchObject({ code: 'not_found' });

    // The instances may have asked the store a moment ago.
    clock.advanceSeconds(2);
    await expectOut(user.token);
  });

  it('sessions.revoke: what is over already is no error, a user who is missing is', async () => {
    const user = await signedIn();
    hanko.revoke(user.token);
    await admin.sessions.revoke(user.id, user.sessionId);
    await admin.sessions.revoke(user.id, randomUUID());

    await expect(admin.sessions.revoke(randomUUID(), user.sessionId)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('sessions under way', () => {
  it.each([0, 60])('end as well: one that begins after %i seconds', async (seconds) => {
    const user = await signedIn();
    let late = '';
    onCall = async (method) => {
      if (method !== 'DELETE' || late !== '') return;
      clock.advanceSeconds(seconds);
      late = await hanko.token({ user: user.id });
    };
    expect(await admin.users.revokeSessions(user.id)).toBe(3);

    await expectOut(user.token);
    await expectOut(late);
    expect(hanko.sessions(user.id)).toEqual([]);
  });

  it('that never end are told: nobody is told that it is done', async () => {
    const user = await signedIn();
    onCall = async (method) => {
      if (method === 'DELETE') await hanko.token({ user: user.id });
    };
    await expect(admin.users.revokeSessions(user.id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('logs in as fast') as string,
    });

    for (const token of [user.token, user.other]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expectOut(token);
    }
  });

  it('of a clock that is ahead of ours end as well', async () => {
    const user = await signedIn();
    clock.advanceSeconds(60);
    const ahead = await hanko.token({ user: user.id });
    clock.advanceSeconds(-60);
    await admin.users.revokeSessions(user.id);
    clock.advanceSeconds(60);

    await expectOut(ahead);
  });
});

describe('sessions.create', () => {
  it('ends the oldest session of a user who has as many as allowed, here too', async () => {
    const { id, token, other } = await signedIn();
    for (let count = 2; count < 5; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expectIn(await admin.sessions.create({ userId: id }));
    }
    await expectIn(token);
    const newest = await admin.sessions.create({ userId: id });
    clock.advanceSeconds(2);

    await expectOut(token);
    await expectIn(other);
    await expectIn(newest);
  });
});

describe('with keepSessions', () => {
  it('the sessions of a changed password go on', async () => {
    const { id, token } = await signedIn();
    await admin.passwords.update(id, 'another-password', { keepSessions: true });
    await admin.passwords.delete(id, { keepSessions: true });

    await expectIn(token);
    expect(hanko.sessions(id)).toHaveLength(2);
  });
});
