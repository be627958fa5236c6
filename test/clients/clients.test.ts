import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PYTHON = process.env.PYTHON ?? 'python3';

describe('a back end in another language', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ audience: ['other.test', 'app.test'] });
  });
  afterAll(() => hanko.stop());

  it.each([
    ['Python, with requests and PyJWT', PYTHON, [file('client.py')]],
    ['Go, with nothing but Go', 'go', ['run', file('client.go')]],
  ])('%s verifies tokens and asks for sessions', async (_name, command, args) => {
    const token = await hanko.token({ email: 'ada@example.test' });
    const subject = hanko.sessions().at(-1)?.user_id ?? '';
    const child = spawn(command, [...args, hanko.url, 'app.test', subject]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.stdin.end(token);
    const [code] = await once(child, 'close');
    expect([code, output]).toEqual([0, 'ok\n']);
  });
});
