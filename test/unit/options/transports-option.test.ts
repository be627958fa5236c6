import type { ExecutionContext } from '@nestjs/common';
import type { HankoTransport } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { apiUrl, faults, paths, resolve } from '../../support/options.js';

const own: HankoTransport = { type: 'own', open: () => ({ params: { token: 'a' } }) };

describe('transports', () => {
  it('are none by default, and may be none', () => {
    expect(resolve({ apiUrl }).transports).toEqual([]);
    expect(resolve({ apiUrl, transports: [] }).transports).toEqual([]);
  });

  it('may be objects of a class', () => {
    class Own implements HankoTransport {
      readonly type = 'own';
      private readonly token = 'b';
      open(): { params: object } {
        return { params: { token: this.token } };
      }
    }
    const [transport] = resolve({ apiUrl, transports: [new Own()] }).transports;

    expect(transport?.type).toBe('own');
    expect(transport?.open({} as ExecutionContext)).toEqual({ params: { token: 'b' } });
  });

  it.each([[null], ['ws'], [own], [() => own], [1], [new Map()]])(
    'are a list: %j',
    (transports) => {
      expect(paths({ apiUrl, transports })).toEqual(['transports']);
    },
  );

  it('are named one by one where they are none', () => {
    const open = (): object => ({});
    const list = [
      own,
      null,
      {},
      { type: 'x' },
      { open },
      { type: ' ', open },
      { type: 1, open },
      { type: 'x', open: 'y' },
      { ...own, openClient: 1 },
      'ws',
      () => own,
      [own],
    ];

    expect(paths({ apiUrl, transports: list })).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((index) => `transports[${index}]`),
    );
    // oxlint-disable-next-line no-sparse-arrays -- that is what is tried
    expect(paths({ apiUrl, transports: [, own] })).toEqual(['transports[0]']);
  });

  it.each(['open', 'openClient'])('cannot be asynchronous: nobody waits for %s', (method) => {
    const late = { ...own, [method]: async () => Promise.resolve(undefined) };

    expect(faults({ apiUrl, transports: [late] })).toEqual([
      {
        path: 'transports[0]',
        hint: expect.stringContaining(`must not have an async ${method}()`),
      },
    ]);
  });

  it('are those of the start, whatever the app does with its list later', () => {
    const list = [own];
    const { transports } = resolve({ apiUrl, transports: list });
    list.length = 0;

    expect(transports).toHaveLength(1);
  });
});
