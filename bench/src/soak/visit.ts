import { setTimeout as wait } from 'node:timers/promises';
import type { JwksServer } from '../hanko/jwks-server.js';
import type { SigningKey } from '../hanko/signing-key.js';
import { sessionClaims } from '../hanko/tokens.js';
import { postWebhook, webhookBody, type WebhookName } from '../hanko/webhooks.js';
import { connect, Refusal, type SocketClient } from '../sockets/socket-client.js';
import type { Instance } from '../sockets/instance.js';
import type { Tally } from './tally.js';

/** How often Hanko is asked about a session, in seconds: the least for what is open. */
const REFRESH_SECONDS = 30;
const CLOCK_TOLERANCE_SECONDS = 1;

/** Of the instances. */
export const OPTIONS = {
  session: { refreshSeconds: REFRESH_SECONDS },
  clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS,
};

/** What visits have at their disposal. */
export interface Ground {
  readonly hanko: JwksServer;
  readonly key: SigningKey;
  readonly instances: readonly Instance[];
  /** Whether a webhook to one instance is enough. */
  readonly isShared: boolean;
  readonly tally: Tally;
  /** Aborts when no visit begins any more, and all must leave. */
  readonly closing: AbortSignal;
}

/** How a session ends. */
type Fate = 'leaves' | 'vanishes' | 'stays' | 'expires' | 'over at Hanko' | WebhookName;

/** Out of a hundred. */
const FATES: readonly (readonly [Fate, number])[] = [
  ['leaves', 20],
  ['vanishes', 5],
  ['stays', 10],
  ['expires', 20],
  ['over at Hanko', 10],
  ['session.delete.explicit.logout', 25],
  ['user.delete', 10],
];

/** Tabs of one session, which may be at different instances. */
const MAX_SOCKETS = 3;
export const MEAN_SOCKETS = (1 + MAX_SOCKETS) / 2;

const MAX_LIFE_MS = 120_000;
const ASK_EVERY_MS = 10_000;
/** Within a second everything else must have ended. */
const PROMISED_MS = 1_000;
/** What is told by the store is learned in a round, of a second by default. */
const ROUND_MS = 1_000;

/** How long after that a connection may be alive before it is one that should not be. */
const TOO_LATE_MS = 10_000;
/** On a busy machine Hanko may not reply in time, and is asked again. */
const UNANSWERED_MS = 2 * REFRESH_SECONDS * 1_000;

interface Promised {
  /** When the session was over, of `performance.now()`. */
  readonly at: number;
  readonly promisedMs: number;
  readonly graceMs: number;
}

interface Tab {
  readonly instance: Instance;
  readonly client: SocketClient;
}

/** Someone logs in, opens some sockets, talks a little, and the session ends in one of the ways. */
export async function visit(ground: Ground): Promise<void> {
  const { hanko, key, tally, closing } = ground;
  const fate = randomFate();
  const lifeMs = Math.ceil(Math.random() * (MAX_LIFE_MS / 1_000)) * 1_000;
  const claims = sessionClaims();
  if (fate === 'expires') claims.exp = claims.iat + lifeMs / 1_000;
  const token = await key.sign(claims);
  hanko.beginSession(token);
  // Some are revoked at the moment when they connect.
  const isRace = Math.random() < 0.1;
  const session = { ...ground, token, userId: claims.sub, id: claims.session_id };
  const expiry = performance.now() + claims.exp * 1_000 - Date.now();
  const due = isRace ? endSession(session, fate) : undefined;
  const tabs = await openTabs(session);
  const talk = tabs.map((tab) => converse(tab, claims.sub, tally));
  const life = Promise.race([
    fate === 'stays' ? new Promise(() => undefined) : wait(isRace ? 0 : lifeMs),
    closed(closing),
  ]);
  if (fate === 'expires') await endsByExpiry(tabs, expiry, ground);
  else {
    await life;
    await end(session, fate, tabs, due);
  }
  await Promise.all(talk);
  await expectRefused(session, fate);
  hanko.endSession(token);
}

interface Session extends Ground {
  readonly token: string;
  readonly id: string;
  readonly userId: string;
}

/** @returns the tabs that were let in: one that races the end of its session may not be. */
async function openTabs({ instances, token, tally }: Session): Promise<readonly Tab[]> {
  const count = 1 + Math.floor(Math.random() * MAX_SOCKETS);
  const opened = await Promise.all(
    Array.from({ length: count }, async (): Promise<Tab | undefined> => {
      const instance = pick(instances);
      try {
        const client = await connect(instance.library, instance.port, token);
        tally.count(`connected: ${instance.library}`);
        return { instance, client };
      } catch (error) {
        tally.count(`refused at connect: ${error instanceof Refusal ? error.code : String(error)}`);
        return undefined;
      }
    }),
  );
  return opened.filter((tab) => tab !== undefined);
}

/** When it ended, and which instance was told. */
interface End {
  readonly at: number;
  /** How much later the first delivery was taken, in milliseconds. */
  readonly lateMs: number;
  readonly told: Instance | undefined;
}

async function endSession(
  { hanko, key, instances, isShared, token, id, userId, tally }: Session,
  fate: Fate,
): Promise<End | undefined> {
  if (fate === 'over at Hanko') {
    hanko.endSession(token);
    return { at: performance.now(), lateMs: 0, told: undefined };
  }
  if (fate !== 'user.delete' && fate !== 'session.delete.explicit.logout') return undefined;
  const body = await webhookBody(key, fate, fate === 'user.delete' ? userId : id);
  const told = pick(instances);
  const at = performance.now();
  hanko.endSession(token);
  const lateMs = await Promise.all(
    (isShared ? [told] : instances).map(({ webhookUrl }) => deliver(webhookUrl, body, tally)),
  );
  return { at, lateMs: Math.max(...lateMs), told: isShared ? told : undefined };
}

/** Again, until it is taken: where the machine is slow, the store may be. @returns how long that took, in milliseconds. */
async function deliver(url: string, body: string, tally: Tally): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const sentAt = performance.now();
    try {
      await postWebhook(url, body);
      return sentAt - startedAt;
    } catch (error) {
      if (sentAt - startedAt > GIVE_UP_MS) throw error;
      tally.count(`webhooks sent again: ${String(error)}`);
      await wait(1_000);
    }
  }
}

async function end(
  session: Session,
  fate: Fate,
  tabs: readonly Tab[],
  due: Promise<End | undefined> | undefined,
): Promise<void> {
  const ended = await (due ?? endSession(session, fate));
  if (ended === undefined) {
    for (const { client } of tabs) {
      if (fate === 'vanishes') client.vanish();
      else client.leave();
    }
    await noneEndedBefore(tabs, fate, session.tally);
    return;
  }
  const isSoon = fate !== 'over at Hanko';
  await Promise.all(
    tabs.map(async ({ instance, client }) => {
      const isTold = isSoon && (ended.told === undefined || ended.told === instance);
      const how = isSoon
        ? `${fate === 'user.delete' ? 'user deleted' : 'logout'}, ${isTold ? 'told here' : 'told elsewhere'}`
        : fate;
      let promisedMs = PROMISED_MS + ended.lateMs;
      if (!isSoon) promisedMs += REFRESH_SECONDS * 1_000;
      else if (!isTold) promisedMs += ROUND_MS;
      const graceMs = isSoon ? TOO_LATE_MS : UNANSWERED_MS;
      const promise = { at: ended.at, promisedMs, graceMs };
      await expectEnd(client, `${how}, ${instance.library}`, promise, session.tally);
    }),
  );
}

async function endsByExpiry(
  tabs: readonly Tab[],
  expiry: number,
  { tally }: Ground,
): Promise<void> {
  const at = expiry + CLOCK_TOLERANCE_SECONDS * 1_000;
  // Also where none was let in.
  await wait(at - performance.now());
  await Promise.all(
    tabs.map(({ instance, client }) =>
      expectEnd(
        client,
        `expired, ${instance.library}`,
        { at, promisedMs: PROMISED_MS, graceMs: TOO_LATE_MS },
        tally,
      ),
    ),
  );
}

/** How long a socket is waited for, at most. */
const GIVE_UP_MS = 30_000;

async function expectEnd(
  client: SocketClient,
  how: string,
  { at, promisedMs, graceMs }: Promised,
  tally: Tally,
): Promise<void> {
  const patienceMs = at - performance.now() + promisedMs + graceMs + GIVE_UP_MS;
  const timeout = new AbortController();
  const ending = await Promise.race([
    client.ended,
    wait(patienceMs, undefined, { signal: timeout.signal }).catch(() => undefined),
  ]);
  timeout.abort();
  if (ending === undefined) {
    tally.fault(`${how}: is alive`);
    client.vanish();
    return;
  }
  // A millisecond is what two clocks may differ.
  if (ending.at < at - 5) tally.fault(`${how}: ended too early, ${ending.why}`);
  tally.ended(how, ending.why, ending.at - at, { promisedMs, graceMs });
}

async function noneEndedBefore(tabs: readonly Tab[], fate: Fate, tally: Tally): Promise<void> {
  for (const { client } of tabs) {
    const { isByServer, why } = await client.ended;
    if (isByServer) tally.fault(`${fate}: was ended by the server, ${why}`);
    else tally.count(`left by itself: ${fate}`);
  }
}

/** Says something now and then. */
async function converse({ client }: Tab, userId: string, tally: Tally): Promise<void> {
  const over = new AbortController();
  void client.ended.then(() => over.abort());
  while (!over.signal.aborted) {
    const answer = await client.ask();
    if (answer === userId) tally.count('messages answered');
    else if (answer !== undefined) tally.count(`messages refused: ${JSON.stringify(answer)}`);
    const pause = ASK_EVERY_MS * (0.5 + Math.random());
    await wait(pause, undefined, { signal: over.signal }).catch(() => undefined);
  }
}

/** Who comes again with a token whose session is over stays outside. */
async function expectRefused(session: Session, fate: Fate): Promise<void> {
  const { token, tally, instances } = session;
  if (fate === 'leaves' || fate === 'vanishes' || fate === 'stays') return;
  // What Hanko alone knows is asked for once in a while, and what another instance was told is read.
  if (fate === 'over at Hanko') await wait(REFRESH_SECONDS * 1_000);
  else if (fate !== 'expires') await wait(ROUND_MS);
  const { library, port } = pick(instances);
  try {
    const client = await connect(library, port, token);
    tally.fault(`${fate}: came in again, ${library}`);
    client.vanish();
  } catch (error) {
    tally.count(`refused again: ${error instanceof Refusal ? error.code : String(error)}`);
  }
}

const closed = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));

function randomFate(): Fate {
  let left = Math.random() * 100;
  for (const [fate, share] of FATES) {
    left -= share;
    if (left < 0) return fate;
  }
  return 'leaves';
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}
