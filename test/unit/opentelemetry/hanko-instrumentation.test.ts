import { channel } from 'node:diagnostics_channel';
import { diag, type DiagLogger, type MeterProvider, metrics } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HANKO_CHANNELS } from 'nestjs-hanko';
import { HankoInstrumentation, type HankoInstrumentationConfig } from 'nestjs-hanko/opentelemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRunning, removeRunning, runningApps } from '../../../lib/health/running-apps.js';
import { Telemetry } from '../../support/telemetry.js';

const DECISIONS = 'hanko.auth.decisions';

const NOBODY = { userId: false, sessionId: false, tenantId: false };

let telemetry: Telemetry;
let made: HankoInstrumentation[];
/** What OpenTelemetry's own log got. */
let told: string[];

const make = (config?: HankoInstrumentationConfig): HankoInstrumentation => {
  const instrumentation = new HankoInstrumentation(config);
  made.push(instrumentation);
  return instrumentation;
};

const happen = (message: unknown = { outcome: 'anonymous' }): void =>
  channel(HANKO_CHANNELS.authentication).publish(message);

const decisions = async (): Promise<unknown> => (await telemetry.points(DECISIONS))[0]?.value;

beforeEach(() => {
  telemetry = new Telemetry();
  made = [];
  told = [];
  const tell = (message: string): void => void told.push(message);
  const logger: DiagLogger = { error: tell, warn: tell, info() {}, debug() {}, verbose() {} };
  diag.setLogger(logger);
});
afterEach(async () => {
  for (const instrumentation of made) instrumentation.disable();
  await telemetry[Symbol.asyncDispose]();
  diag.disable();
});

describe('the options', () => {
  it.each([
    [null, 'HankoInstrumentation: takes an object'],
    ['userId', 'HankoInstrumentation: takes an object'],
    [
      { userID: true },
      'HankoInstrumentation.userID: is unknown. Options are enabled, userId, sessionId, tenantId.',
    ],
    [{ userId: 'yes' }, 'HankoInstrumentation.userId: must be true or false.'],
    [{ enabled: 1 }, 'HankoInstrumentation.enabled: must be true or false.'],
  ])('%j are refused, when they are made and when they are set', (written, fault) => {
    const config = written as HankoInstrumentationConfig;
    expect(() => make(config)).toThrow(fault);
    const instrumentation = make({ enabled: false });
    expect(() => instrumentation.setConfig(config)).toThrow(fault);
  });

  it('have defaults that name nobody', () => {
    const instrumentation = make();
    expect(instrumentation.getConfig()).toEqual({ enabled: true, ...NOBODY });
    instrumentation.setConfig({ userId: true });
    expect(instrumentation.getConfig()).toEqual({ enabled: true, ...NOBODY, userId: true });
  });
});

describe('the SDK of OpenTelemetry', () => {
  it('takes it as one of its instrumentations, and gives it the meters', async () => {
    const instrumentation = make({ enabled: false });
    const unload = registerInstrumentations({
      instrumentations: [instrumentation],
      meterProvider: telemetry.meters,
    });
    happen();
    expect(await decisions()).toBe(1);
    unload();
    happen();
    expect(await decisions()).toBe(1);
  });

  it('may be set up later: what hands over no meters is not taken for their source', async () => {
    const instrumentation = make();
    // As it does before it has set its own.
    instrumentation.setMeterProvider(metrics.getMeterProvider());
    happen();
    metrics.setGlobalMeterProvider(telemetry.meters);
    happen();
    expect(await decisions()).toBe(1);
  });
});

describe('tenants', () => {
  const inAcme = {
    outcome: 'authenticated',
    source: 'bearer',
    userId: 'u',
    sessionId: 's',
    tenantId: 'acme',
  };
  const unknown = { outcome: 'refused', code: 'tenant_unknown', reason: '', tenantId: 'made-up' };
  const named = async (): Promise<unknown> =>
    (await telemetry.points(DECISIONS)).map(({ attributes }) => attributes['hanko.tenant.id']);

  beforeEach(() => metrics.setGlobalMeterProvider(telemetry.meters));

  it('are not named, unless that is wanted', async () => {
    make();
    happen(inAcme);
    expect(await named()).toEqual([undefined]);
  });

  it('are named by metrics once somebody was let in: callers can make up others', async () => {
    make({ tenantId: true });
    for (const message of [unknown, inAcme, { ...unknown, tenantId: 'acme' }]) happen(message);
    expect(await named()).toEqual([undefined, 'acme', 'acme']);
  });

  it('beyond a thousand are counted together', async () => {
    make({ tenantId: true });
    for (let n = 0; n < 1_100; n += 1) happen({ ...inAcme, tenantId: `t${n}` });
    expect(await named()).toHaveLength(1_001);
  });
});

it('a second one counts nothing, and says so', async () => {
  metrics.setGlobalMeterProvider(telemetry.meters);
  const first = make();
  first.enable();
  expect(told).toEqual([]);
  const second = make();
  happen();
  expect(await decisions()).toBe(1);
  expect(told).toEqual([expect.stringContaining('loaded twice')]);

  second.disable();
  happen();
  expect(await decisions()).toBe(2);
  first.disable();
  second.enable();
  happen();
  expect(await decisions()).toBe(3);
});

describe('what fails', () => {
  it('in a meter ends no process, and is told once', () => {
    const broken = {
      getMeter: () => {
        throw new Error('no meters today');
      },
    } as unknown as MeterProvider;
    const instrumentation = make();
    instrumentation.setMeterProvider(broken);
    for (let n = 0; n < 3; n += 1) happen();
    expect(told).toEqual([expect.stringContaining('no meters today')]);
  });

  it.each([undefined, null, 'text', {}])('as a message from elsewhere (%j) neither', (message) => {
    metrics.setGlobalMeterProvider(telemetry.meters);
    make();
    expect(() => happen(message)).not.toThrow();
  });

  it('in the report of an app leaves the other metrics', async () => {
    metrics.setGlobalMeterProvider(telemetry.meters);
    make();
    const app = {
      report: (): never => {
        throw new Error('no report today');
      },
    };
    addRunning(app);
    happen();
    expect(await decisions()).toBe(1);
    removeRunning(app);
    expect(told).toEqual([expect.stringContaining('no report today')]);
    expect(runningApps()).not.toContain(app);
  });
});
