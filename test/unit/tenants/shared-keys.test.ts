import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedKeys } from '../../../lib/tenants/shared-keys.js';
import type { Hanko } from '../../../lib/tenants/hanko.js';
import { CapturedLog } from '../../support/log.js';
import { acme, makeHankos, userAt, useTenantHankos } from '../../support/tenants.js';

interface Checked {
  readonly audience?: readonly string[] | null;
  readonly issuer?: string | null;
}

const at = (tenantId: string, { audience = null, issuer = null }: Checked = {}): Hanko =>
  ({ tenantId, audience, issuer }) as Hanko;

const OURS = ['app'];

function warningsFor(...tenants: readonly [Hanko, ...string[]][]): readonly string[] {
  const lines: string[] = [];
  const keys = new SharedKeys((line) => lines.push(line));
  for (const [hanko, ...moduli] of tenants) keys.published(hanko, moduli);
  return lines;
}

describe('tenants that publish the same key', () => {
  it.each<[string, Checked, Checked]>([
    ['nothing is checked', {}, {}],
    ['one checks nothing', { audience: OURS }, {}],
    ['audiences overlap', { audience: ['a', 'b'] }, { audience: ['b'] }],
    [
      'audience and issuer are the same',
      { audience: OURS, issuer: 'i' },
      { audience: OURS, issuer: 'i' },
    ],
  ])('are told if %s', (_what, a, b) => {
    const lines = warningsFor([at('a', a), 'n1', 'n2'], [at('b', b), 'n2']);
    expect(lines).toEqual([expect.stringContaining('Tenants "a" and "b" publish the same key')]);
  });

  it.each<[string, Checked, Checked]>([
    ['audience', { audience: ['a'] }, { audience: ['b'] }],
    ['issuer', { issuer: 'a' }, { issuer: 'b' }],
  ])('are not told if each has its own %s', (_what, a, b) => {
    expect(warningsFor([at('a', a), 'n'], [at('b', b), 'n'])).toEqual([]);
  });

  it('are told once, and not if they are one tenant, or one of them is gone', () => {
    const [a, b] = [at('a'), at('b')];
    expect(warningsFor([a, 'n'], [b, 'n'], [a, 'n'], [b, 'n'])).toHaveLength(1);
    expect(warningsFor([at('a'), 'n'], [at('a'), 'n'])).toEqual([]);
    expect(warningsFor([a, 'n'], [a, 'm'], [b, 'n'])).toEqual([]);
    const lines: string[] = [];
    const keys = new SharedKeys((line) => lines.push(line));
    keys.published(a, ['n']);
    keys.forget(a);
    keys.published(b, ['n']);
    expect(lines).toEqual([]);
  });

  it('are told whoever else published it in between, and whoever of them has gone', () => {
    const [a, b, c] = [
      at('a', { audience: ['x'] }),
      at('b', { audience: ['y'] }),
      at('c', { audience: ['x'] }),
    ];
    expect(warningsFor([a, 'n'], [b, 'n'], [c, 'n'])).toEqual([
      expect.stringContaining('Tenants "a" and "c"'),
    ]);
    expect(warningsFor([a, 'n'], [b, 'n'], [b, 'm'], [c, 'n'])).toHaveLength(1);
  });

  it('write no more than a hundred lines', () => {
    const tenants = Array.from({ length: 150 }, (_, i): [Hanko, string] => [at(`t${i}`), 'n']);
    expect(warningsFor(...tenants)).toHaveLength(100);
  });
});

describe('in an app', () => {
  const log = new CapturedLog();
  beforeAll(() => Logger.overrideLogger(log));
  afterAll(() => Logger.overrideLogger(true));
  useTenantHankos();

  it('two ids of one Hanko are told', async () => {
    const { hankos } = makeHankos({ trust: () => ({ apiUrl: acme.url }) });
    const token = await acme.token();
    await userAt(hankos, 'a', token);
    await userAt(hankos, 'b', token);
    expect(log.messages('warn', 'HankoTenants')).toEqual([
      expect.stringContaining('Tenants "a" and "b" publish the same key'),
    ]);
  });
});
