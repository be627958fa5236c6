import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './free-port.js';
import { Sample } from './running-sample.js';

const run = promisify(execFile);
const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../sample/${name}`, import.meta.url));
const folder = folderOf('01-quick-start');

/** Without a look at types: `npm run types` has one. */
const compile = (cwd: string): Promise<unknown> => {
  const tsc = '../../node_modules/typescript/bin/tsc';
  const flags = ['--noCheck', '--noResolve', '--types', 'null'];
  return run(process.execPath, [tsc, '-p', '.', ...flags], { cwd });
};

/** What `npm start` builds: the other samples, but for one. */
const build = (): Promise<unknown> => {
  const script = JSON.stringify(folderOf('start/build.mjs'));
  return run(process.execPath, ['-e', `import(${script}).then(({ build }) => build())`]);
};

/** A built sample that runs as `npm start` has it run. */
class RunningSample implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    /** What it has printed until it was enough. */
    readonly lines: readonly string[],
  ) {}

  static async start(
    environment: Record<string, string>,
    isEnough: (lines: readonly string[]) => boolean,
    cwd = folder,
  ): Promise<RunningSample> {
    const { HANKO_API_URL: _, ...inherited } = process.env;
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd,
      env: { ...inherited, NO_COLOR: '1', PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (isEnough(lines)) break;
    }
    return new RunningSample(child, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.kill()) await once(this.child, 'exit');
  }
}

/** Runs the `curl` lines that a sample prints. @returns their responses */
async function runCurlLines(count: number, cwd: string, ports = {}): Promise<readonly string[]> {
  const isCurl = (line: string): boolean => line.startsWith('curl ');
  const isEnough = (all: readonly string[]): boolean => all.filter(isCurl).length === count;
  await using sample = await RunningSample.start(ports, isEnough, cwd);
  const answers: string[] = [];
  for (const line of sample.lines.filter(isCurl)) {
    const { stdout } = await run('sh', ['-c', `${line} -s`]);
    answers.push(stdout);
  }
  return answers;
}

// On a fresh clone it builds the front ends, too.
beforeAll(() => Promise.all([build(), compile(folderOf('07-microservice'))]), 300_000);

describe('sample/01-quick-start', () => {
  test('prints three curl lines that work as printed', async () => {
    const answers = await runCurlLines(3, folder);
    expect(answers[0]).toMatch(/^HTTP\/1.1 200 [^]*Anyone may read this/);
    expect(answers[1]).toMatch(
      /^HTTP\/1.1 401 [^]*WWW-Authenticate: Bearer\r\n[^]*credentials_missing/,
    );
    expect(answers[2]).toMatch(/^HTTP\/1.1 200 [^]*"owner":"ada@example.test"/);
  });

  describe('on the Hanko that HANKO_API_URL names', () => {
    let hanko: FakeHanko;
    let app: RunningSample;
    let url: string;

    beforeAll(async () => {
      hanko = await FakeHanko.start();
      const isAddress = (line: string): boolean => line.startsWith('The app is at ');
      app = await RunningSample.start({ HANKO_API_URL: hanko.url }, (all) => all.some(isAddress));
      url = String(app.lines.find(isAddress)?.slice('The app is at '.length));
    });
    afterAll(async () => {
      await app?.[Symbol.asyncDispose]();
      await hanko?.stop();
    });

    test('greets its users, whose keys it fetches once', async () => {
      const token = await hanko.token({ email: 'grace@example.test' });
      const response = await fetch(`${url}/greeting`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await response.json()).toEqual({ message: 'Hello grace@example.test' });
      expect(hanko.countRequests('/.well-known/jwks.json')).toBe(1);
      expect((await fetch(`${url}/me`)).status).toBe(401);
      const me = await fetch(`${url}/me`, { headers: { cookie: `hanko=${token}` } });
      expect(await me.json()).toMatchObject({ email: { address: 'grace@example.test' } });
    });

    test('demands a recent login of one route, and a second factor of another', async () => {
      const ask = async (path: string, login: object): Promise<unknown> => {
        const token = await hanko.token({ email: 'ada@example.test', ...login });
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(url + path, { headers });
        return { status: response.status, body: await response.json() };
      };
      const unmet = (requirement: string): object => ({
        status: 401,
        body: { code: 'step_up_required', unmet: [{ requirement }] },
      });
      expect(await ask('/account/export', {})).toMatchObject({ status: 200 });
      expect(await ask('/account/export', { ageSeconds: 61 })).toMatchObject(
        unmet('maxAgeSeconds'),
      );
      expect(await ask('/account/billing', { amr: ['pwd'] })).toMatchObject(unmet('mfa'));
      const both = { amr: ['pwd', 'totp'] };
      expect(await ask('/account/billing', both)).toMatchObject({ status: 200 });
      expect((await fetch(`${url}/account/billing`)).status).toBe(401);
    });

    test('refuses a token once a webhook has said that its session has ended', async () => {
      const headers = { authorization: `Bearer ${await hanko.token()}` };
      const before = await fetch(`${url}/me`, { headers });
      const { sessionId: id } = (await before.json()) as { sessionId: string };
      const webhook = await hanko.sendWebhook(
        `${url}/webhooks/hanko`,
        'session.delete.explicit.logout',
        { id },
      );
      expect(webhook.status).toBe(200);
      const after = await fetch(`${url}/me`, { headers });
      expect(after.status).toBe(401);
      expect(await after.json()).toMatchObject({ code: 'session_revoked' });
    });
  });
});

describe('the other samples that run by themselves', () => {
  test('sample/05-admin prints five curl lines that work as printed', async () => {
    const cwd = folderOf('05-admin');
    const answers = await runCurlLines(5, cwd);
    expect(answers[0]).toMatch(/^HTTP\/1.1 401 [^]*credentials_missing/);
    expect(answers[1]).toMatch(/^HTTP\/1.1 403 [^]*requirement_not_met/);
    expect(answers[2]).toMatch(/^HTTP\/1.1 200 [^]*"address":"ada@example.test"/);
    expect(answers[3]).toMatch(/^HTTP\/1.1 200 [^]*\{"ended":1\}$/);
    expect(answers[4]).toMatch(/^HTTP\/1.1 401 [^]*session_revoked/);
  });

  test('sample/06-graphql prints three curl lines that work as printed', async () => {
    const cwd = folderOf('06-graphql');
    const answers = await runCurlLines(3, cwd);
    expect(answers[0]).toMatch(/^HTTP\/1.1 200 [^]*\{"data":\{"greeting":"Hello stranger"\}\}/);
    expect(answers[1]).toMatch(
      /^HTTP\/1.1 200 [^]*WWW-Authenticate: Bearer\r\n[^]*credentials_missing/,
    );
    expect(answers[2]).toMatch(/step_up_required[^]*"email":"ada@example.test","card":null/);
  });

  test('sample/07-microservice prints five curl lines that work as printed', async () => {
    const cwd = folderOf('07-microservice');
    const [NOTES_PORT, BILLING_PORT] = [await freePort(), await freePort()];
    const answers = await runCurlLines(5, cwd, { NOTES_PORT, BILLING_PORT });
    expect(answers[0]).toMatch(/^HTTP\/1.1 401 [^]*credentials_missing/);
    expect(answers[1]).toMatch(/^HTTP\/1.1 200 [^]*\[\]$/);
    expect(answers[2]).toMatch(/^HTTP\/1.1 401 [^]*step_up_required[^]*maxAgeSeconds/);
    expect(answers[3]).toMatch(/^HTTP\/1.1 401 [^]*insufficient_user_auth[^]*step_up_required/);
    expect(answers[4]).toMatch(/^HTTP\/1.1 200 [^]*4242/);
  });

  test('sample/09-tenants prints four curl lines that work as printed', async () => {
    const answers = await runCurlLines(4, folderOf('09-tenants'));
    expect(answers[0]).toMatch(/^HTTP\/1.1 200 [^]*"email":\{"address":"ada@example.test"/);
    expect(answers[1]).toMatch(/^HTTP\/1.1 200 [^]*"email":\{"address":"ada@example.test"/);
    expect(answers[2]).toMatch(/^HTTP\/1.1 401 [^]*token_audience_mismatch/);
    expect(answers[3]).toMatch(/^HTTP\/1.1 404 [^]*tenant_unknown/);
  });
});

describe('npm start', () => {
  test('serves the APIs and the front ends', { timeout: 90_000 }, async () => {
    await using sample = await Sample.start();
    const get = (path: string): Promise<Response> => fetch(sample.url + path);
    expect(await (await get('/api')).json()).toEqual({ message: 'Anyone may read this' });
    expect((await get('/api/me')).status).toBe(401);
    const config = (await (await get('/config.json')).json()) as Record<string, string>;
    expect(config).toMatchObject({ apiUrl: '/api', tokenTransport: 'cookie' });
    expect(config.hankoApiUrl).toMatch(/^http:\/\/localhost:\d+$/);
    const graphql = await fetch(`${sample.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ greeting }"}',
    });
    expect(await graphql.json()).toEqual({ data: { greeting: 'Hello stranger' } });
    const first = await (await get('/')).text();
    for (const path of ['/react', '/vue', '/svelte', '/notes', '/admin']) {
      expect(first).toContain(`<a class="card" href="${path}">`);
      const page = await (await get(path)).text();
      expect(page).toContain('ada@example.test');
      const script = /src="(\/\w+\/assets\/[\w.-]+\.js)"/.exec(page)?.[1];
      const { headers, body } = await get(String(script));
      expect(headers.get('content-type')).toMatch(/javascript/);
      await body?.cancel();
    }
    expect(first).toContain('<a class="card" href="/tenants">');
    const { headers } = await fetch(`${sample.url}/tenants`, { redirect: 'manual' });
    const acme = sample.url.replace('//localhost', '//acme.localhost');
    expect(headers.get('location')).toBe(`${acme}/`);
  });

  test('shows no demo where HANKO_API_URL names a Hanko', { timeout: 90_000 }, async () => {
    await using hanko = await FakeHanko.start({ host: 'localhost' });
    await using sample = await Sample.start({ HANKO_API_URL: hanko.url });
    expect(await (await fetch(`${sample.url}/vue`)).text()).not.toContain('ada@example.test');
    expect((await fetch(`${sample.url}/demo/mails`)).status).toBe(404);
    expect(await (await fetch(`${sample.url}/admin`)).text()).toMatch(/^Set HANKO_ADMIN_URL/);
    expect(await (await fetch(`${sample.url}/tenants`)).text()).toMatch(/^It runs by itself/);
  });
});
