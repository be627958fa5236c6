import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HankoTokenError } from '../../../lib/errors/hanko.errors.js';
import { endByClosing, endResponse } from '../../../lib/transports/live-connections.js';

const revoked = new HankoTokenError('session_revoked', 'revoked');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a client does not read is not sent: nothing that waits for it is ever told. */
class SilentSocket extends EventEmitter {
  readyState = 1;
  readonly calls: unknown[] = [];
  readonly close = (...args: unknown[]): void => void this.calls.push(args);
  readonly terminate = (): void => void this.calls.push('terminate');
}

describe('a WebSocket', () => {
  it('whose client does not answer is cut after a second', () => {
    const socket = new SilentSocket();
    endByClosing(socket as never, 4403).end(revoked);

    vi.advanceTimersByTime(999);
    expect(socket.calls).toEqual([[4403, 'session_revoked']]);
    vi.advanceTimersByTime(1);
    expect(socket.calls).toEqual([[4403, 'session_revoked'], 'terminate']);
  });

  it('whose client answers is not', () => {
    const socket = new SilentSocket();
    endByClosing(socket as never, 4401).end(revoked);
    socket.readyState = 3;

    vi.advanceTimersByTime(60_000);
    expect(socket.calls).toEqual([[4401, 'session_revoked']]);
  });
});

describe('a response', () => {
  const response = (headersSent: boolean) => {
    const calls: unknown[] = [];
    const made = Object.assign(new EventEmitter(), {
      statusCode: 200,
      headersSent,
      setHeader: (name: string) => void calls.push(name),
      end: () => void calls.push('end'),
      req: { destroy: () => void calls.push('destroy') },
    });
    return { made, calls };
  };

  it('whose client reads nothing is cut after a second', () => {
    const { made, calls } = response(true);
    endResponse(made as never).end(revoked);

    vi.advanceTimersByTime(999);
    expect(calls).toEqual(['end']);
    vi.advanceTimersByTime(1);
    expect([calls, made.statusCode]).toEqual([['end', 'destroy'], 200]);
  });

  it('that has not begun is a refusal', () => {
    const { made, calls } = response(false);
    endResponse(made as never).end(revoked);
    expect([calls, made.statusCode]).toEqual([['WWW-Authenticate', 'end'], 401]);
  });
});
