import type { FakeHankoConfig } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowReplay, type Scenario, scenariosOf } from '../support/flow-recordings.js';
import { mailedCodes, mailShape, Stage } from '../support/flow-stage.js';

/**
 * What configured servers answered to a plain client, each with a configuration of its own: FakeHanko, which is
 * given the same one, must answer the same, but for ids, times, codes, keys and tokens.
 */
const RECORDINGS = new URL('../fixtures/configured/', import.meta.url);

/** What differs on purpose, and why. Each must occur. */
const DIFFERENCES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/ body\.payload\.otp_image_source: recorded "data:image\/png;/, 'keys differ'],
  [/ body\.payload\.user\S*\.identit(y|ies\.\d+)\.id: /, 'the ids of people at a third party'],
  [
    / headers\.location: recorded "\S+could\+not\+decode\+state\S+", now "\S+could\+not\+verify\+state"/,
    'what it is about a state that nobody has given out',
  ],
];
const seen = new Set<RegExp>();

function unexpected(differences: readonly string[]): readonly string[] {
  return differences.filter((difference) => {
    const [pattern] = DIFFERENCES.find(([one]) => one.test(difference)) ?? [];
    if (pattern !== undefined) seen.add(pattern);
    return pattern === undefined;
  });
}

type Configured = Scenario & { readonly config: FakeHankoConfig };

const stage = new Stage();

async function play(version: '3.0.4' | 'main', scenario: Configured): Promise<number> {
  const { name, config, exchanges, webhooks = [], takenAt } = scenario;
  stage.now = Date.parse(takenAt);
  await stage.start({ version, config, rateLimits: 'off' });
  const replay = new FlowReplay(stage.hanko);
  const codes = mailedCodes(webhooks);
  for (const [index, exchange] of exchanges.entries()) {
    stage.now = Date.parse(takenAt) + (exchange.atMs ?? 0);
    const differences = await replay.replay(exchange, 'x/1', (recorded) => {
      const address = codes.get(recorded);
      return address === undefined ? undefined : stage.hanko.passcode(address);
    });
    expect(unexpected(differences.map((one) => `${name}#${index} ${one}`))).toEqual([]);
    await stage.hanko.webhooksSettled();
  }
  const mails = await stage.takeMails();
  const recorded = webhooks.map(({ payload }) => payload);
  expect(replay.compare(recorded.map(mailShape), mails.map(mailShape), 'mails')).toEqual([]);
  return exchanges.length;
}

// The list of differences is compared with what has occurred.
describe('configured servers', { shuffle: false }, () => {
  afterEach(() => stage.stop());
  let count = 0;

  describe.each([
    ['v304', '3.0.4'],
    ['main', 'main'],
  ] as const)('FakeHanko answers a plain client as %s did', (server, version) => {
    const scenarios = scenariosOf(server, RECORDINGS) as readonly Configured[];

    it.each(scenarios.map((one) => [one.name, one] as const))('%s', async (_name, scenario) => {
      const compared = await play(version, scenario);
      expect(compared).toBe(scenario.exchanges.length);
      count += compared;
    });
  });

  it('names no difference that does not occur, and has compared all of it', () => {
    expect(DIFFERENCES.filter(([pattern]) => !seen.has(pattern))).toEqual([]);
    expect(count).toBe(914);
  });
});
