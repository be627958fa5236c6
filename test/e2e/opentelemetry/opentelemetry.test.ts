import { FakeHanko, FORGERIES } from 'fake-hanko';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { HankoInstrumentation } from 'nestjs-hanko/opentelemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeRunning, runningApps } from '../../../lib/health/running-apps.js';
import { bearer, FakeClock, PLATFORMS } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { type Point, Telemetry } from '../../support/telemetry.js';
import { askedBy, seriesOf } from '../../support/dashboard.js';
import { doEverything, startWatched } from '../../support/watched-app.js';
import type { ReceiverApp } from '../../support/webhooks.js';

/** It stands still: nothing is tried again in between. */
const clock = new FakeClock();
const options = { now: clock.now };
let hanko: FakeHanko;

beforeAll(async () => {
  // Another file of this worker may have left an app open.
  for (const app of runningApps()) removeRunning(app);
  hanko = await FakeHanko.start(options);
});
afterAll(() => hanko.stop());

/** Of a metric: how often which attributes came. */
const countsIn = (points: readonly Point[]): Record<string, number> =>
  Object.fromEntries(
    points.map(({ attributes, value }) => [
      Object.values(attributes).join(' '),
      typeof value === 'number' ? value : value.count,
    ]),
  );

describe.each(PLATFORMS)('OpenTelemetry, when everything happens once on %s', (platform) => {
  let telemetry: Telemetry;
  let instrumentation: HankoInstrumentation;
  let app: ReceiverApp;
  let secrets: readonly string[];

  beforeAll(async () => {
    telemetry = new Telemetry().register();
    instrumentation = new HankoInstrumentation();
    app = await startWatched(platform, hanko, options, telemetry.spanPerRequest);
    secrets = await doEverything(app, hanko);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    instrumentation.disable();
    await telemetry[Symbol.asyncDispose]();
  });

  it('decisions are counted by outcome, by where the token was, and by code', async () => {
    expect(countsIn(await telemetry.points('hanko.auth.decisions'))).toEqual({
      'authenticated bearer': 4,
      'authenticated cookie': 1,
      'refused credentials_missing': 1,
      'refused token_malformed': 1,
      anonymous: 2,
      'refused step_up_required': 1,
      'refused session_revoked': 1,
      'refused hanko_unavailable': 2,
    });
  });

  it('what had to be verified is measured, in seconds', async () => {
    const points = await telemetry.points('hanko.auth.verification.duration');
    // Nothing was verified of the two without a credential. Who lacks a factor was verified all the same.
    expect(countsIn(points)).toEqual({ authenticated: 5, refused: 5, anonymous: 1 });
    for (const { value } of points) {
      const { count, sum } = value as { count: number; sum: number };
      expect(sum).toBeGreaterThan(0);
      expect(sum / count).toBeLessThan(5);
    }
  });

  it('questions to Hanko and fetches of its keys are measured, by what they brought', async () => {
    expect(countsIn(await telemetry.points('hanko.session.validation.duration'))).toEqual({
      alive: 2,
      ended: 1,
      'failed 500': 1,
    });
    expect(countsIn(await telemetry.points('hanko.jwks.fetch.duration'))).toEqual({
      refreshed: 1,
      'failed 500': 1,
    });
  });

  it('webhooks are counted by what became of them, and by event if they are valid', async () => {
    expect(countsIn(await telemetry.points('hanko.webhook.deliveries'))).toEqual({
      'done user.create': 1,
      refused: 1,
    });
  });

  it('the state of the app is observed when metrics are collected', async () => {
    const [age] = await telemetry.points('hanko.jwks.age');
    expect(age?.value).toBeGreaterThanOrEqual(0);
    expect(age?.value).toBeLessThan(60);
    expect(countsIn(await telemetry.points('hanko.revocation.known'))).toEqual({ '': 2 });
    expect(countsIn(await telemetry.points('hanko.connection.count'))).toEqual({ '': 1 });
    expect(countsIn(await telemetry.points('hanko.connection.ended'))).toEqual({
      session_revoked: 1,
    });
    expect(countsIn(await telemetry.points('hanko.health.status'))).toEqual({
      up: 1,
      degraded: 0,
      down: 0,
    });
  });

  it('the span that is active says how its call was decided, and a public route says nothing', () => {
    const spans = telemetry.spans.map(({ name, attributes }) => [name, attributes]);
    const authenticated = {
      'hanko.auth.outcome': 'authenticated',
      'hanko.auth.source': 'bearer',
    };
    const refused = (code: string) => ({
      'hanko.auth.outcome': 'refused',
      'hanko.auth.code': code,
    });
    expect(spans).toEqual([
      ['/watched/closed', authenticated],
      ['/watched/closed', authenticated],
      ['/watched/closed', { ...authenticated, 'hanko.auth.source': 'cookie' }],
      ['/watched/closed', refused('credentials_missing')],
      ['/watched/closed', refused('token_malformed')],
      ['/watched/open', {}],
      ['/watched/optional', { 'hanko.auth.outcome': 'anonymous' }],
      ['/watched/optional', { 'hanko.auth.outcome': 'anonymous' }],
      ['/watched/mfa', refused('step_up_required')],
      ['/watched/online', authenticated],
      ['/watched/online', authenticated],
      ['/watched/online', refused('session_revoked')],
      ['/watched/online', refused('hanko_unavailable')],
      ['/watched/closed', refused('hanko_unavailable')],
      [
        '/webhooks/hanko',
        { 'hanko.webhook.outcome': 'done', 'hanko.webhook.event': 'user.create' },
      ],
      ['/webhooks/hanko', { 'hanko.webhook.outcome': 'refused' }],
    ]);
  });

  it('the dashboard asks for series that exist, by labels that they have, and leaves no metric out', async () => {
    const collected = await telemetry.collect();
    const series = [...seriesOf(collected as ResourceMetrics)];
    const asked = askedBy('grafana/nestjs-hanko.json');
    const faults = asked.flatMap(({ query, name, labels }) => {
      const found = series.filter(([one]) => name.test(one));
      const unknown = labels.filter((label) => !found.some(([, has]) => has.has(label)));
      return found.length > 0 && unknown.length === 0 ? [] : [{ query, unknown }];
    });
    const isAskedFor = (metric: string): boolean =>
      ['', '_bucket', '_count'].some((part) => asked.some(({ name }) => name.test(metric + part)));
    // As the SDK's exporter writes them, and with the unit in the name.
    const metrics = new Set(series.map(([name]) => name.replace(/_(?:bucket|count|sum)$/, '')));

    expect(asked.length).toBeGreaterThan(15);
    expect(faults).toEqual([]);
    expect(metrics).toContain('hanko_jwks_age');
    expect(metrics).toContain('hanko_jwks_age_seconds');
    expect([...metrics].filter((metric) => !isAskedFor(metric))).toEqual([]);
  });

  it('nothing of it names a person, a session, a token or an address', async () => {
    const exported = JSON.stringify([
      await telemetry.collect(),
      telemetry.spans.map(({ name, attributes, events, status }) => [
        name,
        attributes,
        events,
        status,
      ]),
    ]);
    expect(exported.length).toBeGreaterThan(3_000);
    expect(secrets.length).toBeGreaterThan(12);
    expect(secrets.filter((secret) => exported.includes(secret))).toEqual([]);
  });
});

describe('OpenTelemetry', () => {
  let telemetry: Telemetry;
  let instrumentation: HankoInstrumentation | undefined;

  beforeEach(() => {
    telemetry = new Telemetry();
  });
  afterEach(async () => {
    instrumentation?.disable();
    await telemetry[Symbol.asyncDispose]();
    await hanko.recover();
  });

  it('names user and session on spans if that is asked for, also of who is refused for want of a factor', async () => {
    telemetry.register();
    instrumentation = new HankoInstrumentation({ userId: true, sessionId: true });
    await using app = await startWatched('Express', hanko, options, telemetry.spanPerRequest);
    const user = hanko.createUser().id;
    const token = await hanko.token({ user });
    for (const path of ['closed', 'mfa', 'optional']) {
      await app.get(`/watched/${path}`, path === 'optional' ? {} : bearer(token));
    }

    const named = { 'user.id': user, 'session.id': sessionIdIn(token) };
    expect(telemetry.spans.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining(named),
      expect.objectContaining({ ...named, 'hanko.auth.code': 'step_up_required' }),
      { 'hanko.auth.outcome': 'anonymous' },
    ]);
    expect(JSON.stringify(await telemetry.collect())).not.toContain(user);
  });

  it('works in whatever order app, SDK and instrumentation are made', async () => {
    await using app = await startWatched('Express', hanko, options);
    await app.get('/watched/closed');
    instrumentation = new HankoInstrumentation();
    await app.get('/watched/closed');
    telemetry.register();
    await app.get('/watched/closed');

    expect(countsIn(await telemetry.points('hanko.auth.decisions'))).toEqual({
      'refused credentials_missing': 1,
    });
    expect(countsIn(await telemetry.points('hanko.health.status'))).toMatchObject({ up: 1 });
  });

  it('says down and degraded, and how old the keys are; of an app that is closed it says nothing', async () => {
    telemetry.register();
    instrumentation = new HankoInstrumentation();
    const health = async () => countsIn(await telemetry.points('hanko.health.status'));
    {
      await using app = await startWatched('Express', hanko, options);
      const call = async () => app.get('/watched/closed', bearer(await hanko.token()));
      await call();
      await hanko.fault('unavailable');
      clock.advanceSeconds(1_000);
      await call();
      expect(await health()).toEqual({ up: 0, degraded: 1, down: 0 });
      expect((await telemetry.points('hanko.jwks.age'))[0]?.value).toBeCloseTo(1_000, 0);
      expect(countsIn(await telemetry.points('hanko.jwks.fetch.duration'))).toEqual({
        refreshed: 1,
        'failed 503': 1,
      });

      const second = await startWatched('Express', hanko, options);
      expect(await health()).toEqual({ up: 0, degraded: 1, down: 1 });
      await second[Symbol.asyncDispose]();
    }
    expect(await health()).toEqual({ up: 0, degraded: 0, down: 0 });
  });

  it('has no more series, whatever callers write', async () => {
    telemetry.register();
    instrumentation = new HankoInstrumentation();
    await using app = await startWatched('Express', hanko, options, telemetry.spanPerRequest);
    const forged = await Promise.all(FORGERIES.map((kind) => hanko.forgedToken(kind)));
    const written = Array.from({ length: 40 }, (_, n) => `made-up-${n}`);
    for (const token of [...written, ...forged]) {
      await app.get(`/watched/closed?${token.slice(0, 20)}`, bearer(token));
      await app.post({ event: token.slice(0, 20), token });
    }

    const codes = countsIn(await telemetry.points('hanko.auth.decisions'));
    expect(Object.values(codes).reduce((a, b) => a + b)).toBe(written.length + forged.length);
    expect(Object.keys(codes).length).toBeLessThan(10);
    expect(countsIn(await telemetry.points('hanko.webhook.deliveries'))).toEqual({
      refused: written.length + forged.length,
    });
    expect(JSON.stringify(await telemetry.collect())).not.toContain('made-up');
  });

  it('stops when it is disabled, and counts again when it is enabled', async () => {
    telemetry.register();
    instrumentation = new HankoInstrumentation();
    await using app = await startWatched('Express', hanko, options);
    instrumentation.disable();
    await app.get('/watched/closed');
    expect(await telemetry.points('hanko.auth.decisions')).toEqual([]);
    expect(await telemetry.points('hanko.health.status')).toEqual([]);

    instrumentation.enable();
    await app.get('/watched/closed');
    expect(countsIn(await telemetry.points('hanko.auth.decisions'))).toEqual({
      'refused credentials_missing': 1,
    });
    expect(countsIn(await telemetry.points('hanko.health.status'))).toMatchObject({ up: 1 });
  });
});
