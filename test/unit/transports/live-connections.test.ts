import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HankoTokenError } from '../../../lib/errors/hanko.errors.js';
import {
  endByClosing,
  endByDisconnecting,
  endResponse,
} from '../../../lib/transports/live-connections.js';

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

describe('a socket of socket.io', () => {
  it('is disconnected, whatever listeners of the app do with what it is told', () => {
    const disconnect = vi.fn<() => void>();
    const emit = (): never => {
      throw new Error('a listener of onAnyOutgoing()');
    };
    const socket = Object.assign(new EventEmitter(), { disconnected: false, emit, disconnect });
    expect(() => endByDisconnecting(socket as never).end(revoked)).toThrow('onAnyOutgoing');

    expect(disconnect).toHaveBeenCalledOnce();
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

  it('that middleware has wrapped is given no callback for a part of its body', () => {
    const { made, calls } = response(true);
    // As those of `compression` and `express-session` do.
    made.end = (chunk?: Buffer) =>
      void calls.push(chunk === undefined ? 'end' : Buffer.from(chunk));
    endResponse(made as never).end(revoked);
    expect(calls).toEqual(['end']);
    made.emit('finish');
    expect(calls).toEqual(['end', 'destroy']);
  });

  it('that cannot be ended so is cut', () => {
    const { made, calls } = response(true);
    made.end = () => {
      throw new Error('of middleware');
    };
    expect(() => endResponse(made as never).end(revoked)).toThrow('of middleware');
    vi.advanceTimersByTime(1_000);
    expect(calls).toEqual(['destroy']);
  });

  it('that has not begun is a refusal', () => {
    const { made, calls } = response(false);
    endResponse(made as never).end(revoked);
    expect([calls, made.statusCode]).toEqual([['WWW-Authenticate', 'end'], 401]);
  });
});
