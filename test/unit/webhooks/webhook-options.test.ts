import { type ConfigurationFault, HankoConfigurationError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { resolveWebhooksOptions } from '../../../lib/webhooks/webhook-options.js';

const PATH_HINT = "must be the path that Hanko posts to, such as 'webhooks/hanko'.";

function faultsOf(options: unknown): readonly ConfigurationFault[] {
  try {
    resolveWebhooksOptions(options);
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const fault = (name: string, hint: string): ConfigurationFault => ({
  path: `HankoWebhooksModule ${name}`,
  hint,
});

describe('options of webhooks', () => {
  it('have defaults, but for the path', () => {
    expect(resolveWebhooksOptions({ path: 'webhooks/hanko' })).toEqual({
      path: 'webhooks/hanko',
      respond: 'afterHandlers',
      revokeOnPasswordChange: false,
      handlerTimeoutMs: 9_000,
      maxBodyBytes: 262_144,
    });
  });

  it('are taken as written', () => {
    const options = {
      path: '/hooks',
      respond: 'beforeHandlers',
      revokeOnPasswordChange: true,
      handlerTimeoutMs: 60_000,
      maxBodyBytes: 1_024,
    };

    expect(resolveWebhooksOptions(options)).toEqual(options);
  });

  it('may be undefined, which is the default', () => {
    expect(
      resolveWebhooksOptions({
        path: 'a',
        respond: undefined,
        revokeOnPasswordChange: undefined,
        handlerTimeoutMs: undefined,
        maxBodyBytes: undefined,
      }),
    ).toEqual(resolveWebhooksOptions({ path: 'a' }));
  });

  it.each(['hooks', '/hooks', 'a/b/c', '/a/b', 'v1.0/~me/a-b_c', '%20', '/a%2Fb'])(
    'may have the path %s',
    (path) => {
      expect(resolveWebhooksOptions({ path }).path).toBe(path);
    },
  );

  it.each([
    undefined,
    null,
    '',
    ' ',
    '/',
    '//',
    '//a',
    'a//b',
    'a/',
    '/a/',
    ' a',
    'a b',
    'a\n',
    'hooks/*',
    'hooks/:id',
    'hooks/(.*)',
    'hooks{/:id}',
    'hooks?x=1',
    'hooks#x',
    'a\\b',
    'https://x.example/hooks',
    'é',
    1,
    ['hooks'],
    { path: 'hooks' },
    /hooks/,
  ])('are refused with the path %j', (path) => {
    expect(faultsOf({ path })).toEqual([fault('path', PATH_HINT)]);
  });

  it.each(['', 'after', 'before', 'AFTERHANDLERS', null, true, 0, ['afterHandlers']])(
    'are refused where they respond %j',
    (respond) => {
      expect(faultsOf({ path: 'a', respond })).toEqual([
        fault('respond', "must be 'beforeHandlers' or 'afterHandlers'."),
      ]);
    },
  );

  it.each(['true', 1, 0, null, {}])(
    'are refused with revokeOnPasswordChange: %j',
    (revokeOnPasswordChange) => {
      expect(faultsOf({ path: 'a', revokeOnPasswordChange })).toEqual([
        fault('revokeOnPasswordChange', 'must be true or false.'),
      ]);
    },
  );

  it.each([
    { name: 'handlerTimeoutMs', min: 1, max: 60_000, unit: 'milliseconds' },
    { name: 'maxBodyBytes', min: 1_024, max: 16_777_216, unit: 'bytes' },
  ])('have a range: $name', ({ name, min, max, unit }) => {
    const range = `must be a whole number from ${min} to ${max} (${unit})`;

    expect(faultsOf({ path: 'a', [name]: min })).toEqual([]);
    expect(faultsOf({ path: 'a', [name]: max })).toEqual([]);
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, Infinity, -1, null]) {
      expect(faultsOf({ path: 'a', [name]: value })).toEqual([
        fault(name, `${range}, got ${String(value)}.`),
      ]);
    }
    expect(faultsOf({ path: 'a', [name]: String(max) })).toEqual([
      fault(name, `${range}, got a string.`),
    ]);
  });

  it.each(['Path', 'url', 'maxBodyKilobytes', 'constructor', 'handlerTimeout'])(
    'are named where there is no such option: %s',
    (name) => {
      expect(faultsOf({ path: 'a', [name]: 'x' })).toEqual([
        fault(
          name,
          'is not an option. The options are path, respond, revokeOnPasswordChange, handlerTimeoutMs, maxBodyBytes.',
        ),
      ]);
    },
  );

  it.each([undefined, null, 'hooks', 1, [], () => ({ path: 'hooks' })])(
    'are an object: %j has no path',
    (options) => {
      expect(faultsOf(options)).toEqual([fault('path', PATH_HINT)]);
    },
  );

  it('are told of every fault at once, and of no value', () => {
    const faults = faultsOf({
      path: '/hunter2?x',
      respond: 'hunter2',
      revokeOnPasswordChange: 'hunter2',
      handlerTimeoutMs: 'hunter2',
      maxBodyBytes: 'hunter2',
      other: 'hunter2',
    });

    expect(faults.map(({ path }) => path.split(' ')[1])).toEqual([
      'other',
      'path',
      'respond',
      'revokeOnPasswordChange',
      'handlerTimeoutMs',
      'maxBodyBytes',
    ]);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });
});
