import { once } from 'node:events';
import { connect } from 'node:net';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The status of a request that is sent byte by byte as it stands; 0 if there is no answer. */
async function statusOf(url: string, lines: readonly string[]): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'));
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.end([...lines, '', ''].join('\r\n'));
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

const get = (url: string, host: string, path: string): Promise<number> =>
  statusOf(url, [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close']);

describe.each([
  ['the public API', (hanko: FakeHanko) => hanko.url, '/.well-known/jwks.json'],
  ['the Admin API', (hanko: FakeHanko) => hanko.adminUrl, '/users'],
] as const)('%s', (_name, urlOf, path) => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ hosts: ['hanko', 'Hanko.Internal'] });
  });
  afterAll(() => hanko.stop());

  it.each([
    'localhost',
    'LOCALHOST:8000',
    'localhost.',
    'localhost.:1',
    '127.0.0.1',
    '127.0.0.1:65535',
    '127.12.0.9',
    '[::1]',
    '[::1]:8000',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    'hanko',
    'hanko:8000',
    'HANKO.internal.',
  ])('answers to %s', async (host) => {
    expect(await get(urlOf(hanko), host, path)).toBe(200);
  });

  it.each([
    'evil.test',
    'evil.test:8000',
    'localhost.evil.test',
    'evil.test.localhost',
    'localhost..',
    'localhost@evil.test',
    'evil.test@localhost',
    'evil.test#localhost',
    'evil.test/localhost',
    'localhost:80:80',
    'localhost:99999',
    'localhost evil.test',
    'localhost,evil.test',
    'localhost%2eevil.test',
    '127.0.0.1.evil.test',
    '127.0.0.1.nip.io',
    '0.0.0.0',
    '10.0.0.1',
    '8.8.8.8',
    '[::]',
    '[::2]',
    '[::ffff:8.8.8.8]',
    '::1',
    'hanko.evil.test',
    '*',
    '',
  ])('is no use to a page that calls it %j: 421', async (host) => {
    expect(await get(urlOf(hanko), host, path)).toBe(421);
  });

  it('does not believe what a proxy would add', async () => {
    const added = ['Forwarded: host=localhost', 'X-Forwarded-Host: localhost'];
    const lines = [`GET ${path} HTTP/1.1`, 'Host: evil.test', ...added, 'Connection: close'];
    expect(await statusOf(urlOf(hanko), lines)).toBe(421);
    const evil = ['Forwarded: host=evil.test', 'X-Forwarded-Host: evil.test'];
    const good = [`GET ${path} HTTP/1.1`, 'Host: localhost', ...evil, 'Connection: close'];
    expect(await statusOf(urlOf(hanko), good)).toBe(200);
  });

  it('looks at the whole of a target in absolute form', async () => {
    const ask = (target: string, host: string): Promise<number> =>
      statusOf(urlOf(hanko), [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close']);
    expect(await ask(`http://localhost:8000${path}`, 'localhost')).toBe(200);
    expect(await ask(`http://evil.test${path}`, 'localhost')).toBe(421);
    expect(await ask(`http://localhost${path}`, 'evil.test')).toBe(421);
    expect(await ask(`http://localhost@evil.test${path}`, 'localhost')).toBe(421);
    // A path that only looks like a name.
    expect(await ask(`//localhost${path}`, 'localhost')).toBe(404);
    expect(await ask(`//evil.test${path}`, 'localhost')).toBe(404);
  });

  it('refuses a request that names no host, or two', async () => {
    const url = urlOf(hanko);
    expect(await statusOf(url, [`GET ${path} HTTP/1.1`, 'Connection: close'])).toBe(400);
    expect(await statusOf(url, [`GET ${path} HTTP/1.0`])).toBe(421);
    for (const hosts of [
      ['Host: localhost', 'Host: evil.test'],
      ['Host: evil.test', 'hOST: localhost'],
      ['Host: localhost', 'Host: localhost'],
    ]) {
      expect(await statusOf(url, [`GET ${path} HTTP/1.1`, ...hosts, 'Connection: close'])).toBe(
        400,
      );
    }
  });

  it('carries nothing out, sends no CORS and commits no fault for such a page', async () => {
    await hanko.fault('hang');
    try {
      for (const method of ['OPTIONS', 'POST', 'DELETE']) {
        const lines = [`${method} ${path} HTTP/1.1`, 'Host: evil.test', 'Content-Length: 0'];
        expect(await statusOf(urlOf(hanko), [...lines, 'Connection: close'])).toBe(421);
      }
    } finally {
      await hanko.recover();
    }
  });
});

describe('the Admin API', () => {
  it('lets no page in, not even one of this machine', async () => {
    await using hanko = await FakeHanko.start();
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await fetch(`${hanko.adminUrl}/users`, {
        method,
        headers: { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' },
      });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('its own address', () => {
  it.each<readonly [FakeHankoOptions, string]>([
    [{ host: 'localhost' }, 'localhost'],
    [{ host: '127.0.0.1' }, '127.0.0.1'],
    [{ host: '0.0.0.0', allowNonLoopback: 'I know that this is no login server' }, '0.0.0.0'],
  ])('%j is one it answers to', async (options, host) => {
    await using hanko = await FakeHanko.start(options);
    expect(await get(hanko.url, host, '/.well-known/jwks.json')).toBe(200);
    expect(await get(hanko.url, 'evil.test', '/.well-known/jwks.json')).toBe(421);
    const answer = await fetch(`${hanko.url}/.well-known/jwks.json`);
    expect(answer.status).toBe(200);
  });
});
