import { describe, expect, it } from 'vitest';
import type { Door } from '../../../lib/sockets/door.js';
import { closeSocketIo, namespaceOf } from '../../../lib/sockets/socket-io-server.js';

const door: Door = {
  authenticate: async () => null,
  open: () => ({}),
  remember: () => undefined,
  enter: () => undefined,
};

/** A namespace of a socket.io whose private methods have other names. */
const namespace = (connectionStateRecovery?: unknown) => ({
  server: { opts: { connectionStateRecovery } },
  use: () => undefined,
  on: () => undefined,
  disconnectSockets: () => undefined,
});

describe('a socket.io whose recovery cannot be guarded', () => {
  it('stops the app that has it turned on', () => {
    expect(() => closeSocketIo(namespace({}), door)).toThrow(
      /connectionStateRecovery: cannot be guarded in this version of socket\.io.* Turn it off/,
    );
    expect(() => closeSocketIo(namespace(), door)).not.toThrow();
  });
});

describe('namespaceOf()', () => {
  it('knows servers and namespaces, and nothing else that has middleware', () => {
    const root = namespace();
    expect(namespaceOf(root)).toBe(root);
    expect(namespaceOf({ ...namespace(), of: () => undefined, sockets: root })).toBe(root);
    expect(namespaceOf({ use: () => undefined, on: () => undefined })).toBeUndefined();
  });
});
