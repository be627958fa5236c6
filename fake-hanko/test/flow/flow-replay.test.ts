import { readFileSync } from 'node:fs';
import type { FakeHanko, FakeHankoOptions } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OMITTED } from '../../src/flow/omitted.js';
import { decodeJws, sendJson } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';
import { mailedCodes, mailShape, Stage } from '../support/flow-stage.js';
import {
  type FlowExchange,
  FlowReplay,
  type Scenario,
  scenariosOf,
} from '../support/flow-recordings.js';

/**
 * What Hanko's own components sent to real servers, sent to FakeHanko once more and in the same order:
 * each answer must be the recorded one, but for ids, times, codes, keys and tokens.
 */

/** How many exchanges of each recording are compared; with the preflights that a browser sends. */
const COMPARED: Readonly<Record<string, number>> = {
  'main-cookie-a-load-auth': 4,
  'main-cookie-a-load-auth-profile-events': 6,
  'main-cookie-a-load-events': 0,
  'main-cookie-a-load-profile': 2,
  'main-cookie-b-register-passcode-password': 17,
  'main-cookie-c-login-password': 12,
  'main-cookie-d-login-passcode': 12,
  'main-cookie-e1-register-with-passkey': 20,
  'main-cookie-e2-login-passkey-autofill': 5,
  'main-cookie-e3-login-passkey-button': 7,
  'main-cookie-g0-profile-totp-wrong-code': 8,
  'main-cookie-g1-profile-totp-setup': 7,
  'main-cookie-g2-login-password-totp': 15,
  'main-cookie-g3-login-passcode-totp-trust-device': 15,
  'main-cookie-g4-login-password-trusted-device': 11,
  'main-cookie-g5-totp-code-reuse-refused': 21,
  'main-cookie-h1-profile-load': 4,
  'main-cookie-h2-polling-then-admin-revoke': 16,
  'main-cookie-h3-validate-me-logout-twice': 20,
  'main-cookie-h4-profile-load-after-revoke': 1,
  'v304-cookie-a-load-auth': 4,
  'v304-cookie-a-load-auth-profile-events': 6,
  'v304-cookie-a-load-events': 0,
  'v304-cookie-a-load-profile': 2,
  'v304-cookie-b-register-passcode-password': 17,
  'v304-cookie-c-login-password': 12,
  'v304-cookie-d-login-passcode': 12,
  'v304-cookie-e1-register-with-passkey': 20,
  'v304-cookie-e2-login-passkey-autofill': 5,
  'v304-cookie-e3-login-passkey-button': 7,
  'v304-cookie-f1-wrong-password-then-right': 14,
  'v304-cookie-f2-wrong-passcode': 12,
  'v304-cookie-f3-unknown-email-password': 10,
  'v304-cookie-f4-register-existing-email': 12,
  'v304-cookie-g0-profile-totp-wrong-code': 8,
  'v304-cookie-g1-profile-totp-setup': 7,
  'v304-cookie-g2-login-password-totp': 15,
  'v304-cookie-g3-login-passcode-totp-trust-device': 15,
  'v304-cookie-g4-login-password-trusted-device': 11,
  'v304-cookie-h1-profile-load': 4,
  'v304-cookie-h2-polling-then-admin-revoke': 16,
  'v304-cookie-h3-validate-me-logout-twice': 20,
  'v304-cookie-h4-profile-load-after-revoke': 1,
  'v304-cookie-p-protocol-probes': 82,
  'v304-cookie-r1-password-recovery': 16,
  'v304-cookie-s1-profile-actions': 25,
  'v304-cookie-x1-network-failure-on-load': 1,
  'v304-cookie-x2-api-on-another-site': 19,
  'v304-cookie-x3-elements-2.7.0': 23,
  'v304-cookie-x5-cookie-without-local-storage': 3,
  'v304-header-a-load-auth': 4,
  'v304-header-a-load-auth-profile-events': 6,
  'v304-header-a-load-events': 0,
  'v304-header-a-load-profile': 2,
  'v304-header-b-register-passcode-password': 17,
  'v304-header-c-login-password': 12,
  'v304-header-d-login-passcode': 12,
  'v304-header-h1-profile-load': 4,
  'v304-header-h2-polling-then-admin-revoke': 17,
  'v304-header-h3-validate-me-logout-twice': 21,
  'v304-header-h4-profile-load-after-revoke': 1,
  'v304-header-x4-session-storage': 21,
  'v304-header-x6-api-on-another-site': 24,
  'v304-minimal-m1-register': 14,
  'v304-minimal-m2-login-password-remember-me': 11,
  'v304-minimal-m3-profile': 7,
  'v304-minimal-m4-logout-login-passcode': 13,
  'v304-minimal-m5-account-delete': 8,
  'v304-short-i1-expiry-default-interval': 20,
  'v304-short-i2-expiry-interval-4s': 23,
};

/** What differs on purpose: where, as `recording#exchange place: how`, and why. Each must occur. */
const DIFFERENCES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/ body\.payload\.otp_image_source: recorded "data:image\/png;/, 'keys and names differ'],
];

/** As an unconfigured Hanko calls itself. */
const HANKO = { relying_party: { display_name: 'Hanko Authentication Service' } };

/** What the servers were that were recorded, as options. */
const SERVERS: readonly (readonly [string, FakeHankoOptions])[] = [
  ['v304-cookie', { version: '3.0.4', config: { webauthn: HANKO } }],
  ['v304-header', { version: '3.0.4', tokenTransport: 'header' }],
  [
    'v304-minimal',
    {
      version: '3.0.4',
      config: {
        account: { allow_deletion: true },
        mfa: { enabled: false },
        passkey: { enabled: false },
        session: { cookie: { retention: 'prompt' } },
      },
    },
  ],
  ['v304-short', { version: '3.0.4', lifespanSeconds: 20 }],
  ['main-cookie', { version: 'main', config: { webauthn: HANKO } }],
];

const BROWSER =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36';
const PASSWORD = 'Correct-Horse-1';

const seen = new Set<RegExp>();

/** @returns the differences that are not on the list. */
function unexpected(differences: readonly string[]): readonly string[] {
  return differences.filter((difference) => {
    const expected = DIFFERENCES.filter(([pattern]) => pattern.test(difference));
    for (const [pattern] of expected) seen.add(pattern);
    return expected.length === 0;
  });
}

/** Signs in as the recorder had before, with the same address at the same time by the same means. */
async function signInAsRecorded(stage: Stage, recorded: string): Promise<string> {
  const { claims } = decodeJws(recorded);
  stage.now = (claims.iat as number) * 1000;
  const { address } = claims.email as { address: string };
  // Another attempt than the recorded one.
  if (String(claims.amr) === 'passkey') {
    return stage.hanko.token({ email: address, amr: ['passkey'] });
  }
  const client = new FlowClient(stage.hanko.url, BROWSER);
  expect(claims.amr).toEqual(['otp', 'pwd']);
  expect(await client.register(stage.hanko, address, PASSWORD)).toBe('success');
  return client.token ?? String(client.answer.headers['x-auth-token']);
}

/** What else had happened before a recording. */
const BEFORE: Readonly<Record<string, (stage: Stage, replay: FlowReplay) => unknown>> = {
  'v304-cookie-s1-profile-actions': async (stage) => {
    stage.now = Date.parse('2026-11-23T17:45:59.355Z');
    const user_id = stage.hanko.sessions().at(-1)?.user_id;
    expect(await sendJson('POST', `${stage.hanko.adminUrl}/sessions`, { user_id })).toMatchObject({
      status: 200,
    });
  },
  'v304-minimal-m2-login-password-remember-me': (stage) => {
    // The recorder had ended the session of the registration.
    for (const { id } of stage.hanko.sessions()) stage.hanko.revoke(id);
  },
  'main-cookie-g5-totp-code-reuse-refused': async (stage, replay) => {
    stage.now = Date.parse('2026-11-23T17:41:40.000Z');
    const client = new FlowClient(stage.hanko.url, BROWSER);
    await client.register(stage.hanko, 'tom@example.test', PASSWORD);
    replay.useTotpSecret(await client.enrolTotp(stage.hanko));
    expect(client.state).toBe('profile_init');
  },
};

/** The probes have no times; they end with a sign-in that has one. */
const timeOf = (scenario: Scenario, { atMs = 0 }: FlowExchange): number =>
  isProbe(scenario) ? Date.parse('2026-11-23T17:48:47.200Z') : Date.parse(scenario.takenAt) + atMs;

const isProbe = ({ name }: Scenario): boolean => name.includes('-p-protocol-probes');

async function play(stage: Stage, replay: FlowReplay, scenario: Scenario): Promise<number> {
  const { name, exchanges, webhooks } = scenario;
  for (const recorded of replay.unknownTokens(scenario)) {
    replay.learnSession(recorded, await signInAsRecorded(stage, recorded));
  }
  await BEFORE[name]?.(stage, replay);
  await stage.takeMails();
  const codes = mailedCodes(webhooks);
  let compared = 0;
  for (const [index, exchange] of exchanges.entries()) {
    const key = `${name}#${index}`;
    stage.now = timeOf(scenario, exchange);
    const codeFor = (recorded: string): string | undefined => {
      const address = codes.get(recorded);
      return address === undefined ? undefined : stage.hanko.passcode(address);
    };
    const differences =
      exchange.response.status === 0
        ? await differencesWithoutNetwork(stage.hanko, exchange)
        : await replay.replay(exchange, isProbe(scenario) ? 'node' : BROWSER, codeFor);
    expect(unexpected(differences.map((one) => `${key} ${one}`))).toEqual([]);
    // Mails of one exchange may overtake each other, those of two may not.
    await stage.hanko.webhooksSettled();
    compared += 1;
  }
  const mails = await stage.takeMails();
  // The probes were not recorded with the mails that they caused.
  const payloads = webhooks?.map(({ payload }) => payload) ?? mails;
  expect(replay.compare(payloads.map(mailShape), mails.map(mailShape), 'mails')).toEqual([]);
  return compared;
}

/** Where the recorder had cut the network, nothing came back. */
async function differencesWithoutNetwork(
  hanko: FakeHanko,
  { request }: FlowExchange,
): Promise<readonly string[]> {
  await hanko.fault('refuse');
  const { method, path } = request;
  const answered = await fetch(hanko.url + path, { method }).catch(() => null);
  await hanko.recover();
  return answered === null ? [] : [`status: recorded 0, now ${answered.status}`];
}

// What a recording holds is the answer to all that came before, and the lists are compared with what has occurred.
describe('recordings', { shuffle: false }, () => {
  describe.each(SERVERS)('FakeHanko answers the components as %s did', (server, options) => {
    const stage = new Stage();
    let replay: FlowReplay;

    const restart = async (): Promise<void> => {
      await stage.stop();
      await stage.start(options);
      replay = new FlowReplay(stage.hanko);
    };
    beforeAll(restart);
    afterAll(() => stage.stop());

    // The probes say a time that is not theirs: they came last.
    const all = scenariosOf(server);
    const inOrder = [...all.filter((one) => !isProbe(one)), ...all.filter(isProbe)];

    it.each(inOrder.map((one) => [one.name, one] as const))('%s', async (name, scenario) => {
      // Main's g5 is of a run of its own.
      const isAlone = name.includes('-g5-');
      if (isAlone) await restart();
      const compared = await play(stage, replay, scenario);
      expect(compared).toBe(COMPARED[name]);
      if (isAlone) await restart();
    });
  });

  describe('the lists', () => {
    const recorded = SERVERS.flatMap(([server]) => scenariosOf(server));

    it('count every recording, and every exchange of it', () => {
      const counts = recorded.map(({ name, exchanges }) => [name, exchanges.length]);
      expect(counts).toHaveLength(70);
      expect(COMPARED).toEqual(Object.fromEntries(counts));
      expect(Object.values(COMPARED).reduce((sum, count) => sum + count)).toBe(839);
    });

    it('name no difference that does not occur', () => {
      const stale = DIFFERENCES.filter(([pattern]) => !seen.has(pattern));
      expect(stale.map(([pattern]) => String(pattern))).toEqual([]);
    });

    it("are those of FakeHanko's page", () => {
      const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
      const [, rows = ''] = /^\| omitted .*\n.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
      const cells = rows.trim().split('\n');
      expect(
        cells
          .map((row) => row.split('|').slice(1, 3))
          .map(([what, why]) => [what?.trim(), why?.trim()]),
      ).toEqual(Object.entries(OMITTED));
    });
  });
});
