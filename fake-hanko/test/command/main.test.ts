import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, readFlags } from '../../src/command/flags.js';
import { type Ended, endedEach } from '../support/command-in-one-process.js';
import { BUILT, CommandProcess } from '../support/command-process.js';
import { FlowClient } from '../support/flow-client.js';
import { decodeJws } from '../support/raw-http.js';

const ADA = 'ada@example.test';
const run = (...args: readonly string[]): CommandProcess => new CommandProcess(BUILT, args);

async function ended(...args: readonly string[]): Promise<Ended> {
  await using command = run(...args);
  const code = await command.exitCode();
  return { code, output: command.output, errors: command.errors };
}

const TENANTS = ['0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33', '1d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33'];
const tenantFlags = TENANTS.flatMap((id) => ['--tenant-id', id]);

/** What nobody may pass, and what is said of it. */
const WRONG_FLAGS: readonly (readonly [args: readonly string[], message: string])[] = [
  [['--prot', '8000'], "Unknown option '--prot'."],
  [['8000'], "Unexpected argument '8000'."],
  [['--port'], "Option '--port <value>' argument missing."],
  [['--port', 'http'], '--port must be a whole number, not http.'],
  [['--port', '-1'], "Option '--port' argument is ambiguous."],
  [['--port', '65536'], '--port must be 0 to 65535.'],
  [['--port', '1', '--port', '2'], '--port is given twice.'],
  [['--port='], '--port needs a value: number.'],
  [['--port', '0', '--'], '-- needs a command after it, such as -- npm start.'],
  [['--user', 'ada:secret'], '--user must be an address and an optional password'],
  [['--user', `${ADA}:`], `--user ${ADA}: has no password after the colon`],
  [['--user', ADA, '--user', ADA], 'a user with this email exists already'],
  [['--token-transport', 'both'], '--token-transport must be cookie or header'],
  [['--allow-origin', '*'], '--allow-origin must be loopback, or a list of origins'],
  [['--allowed-host', 'a:1'], '--allowed-host must be a list of names without a port'],
  [['--lifespan-seconds', '0'], '--lifespan-seconds must be a whole number above 0'],
  [['--host', '0.0.0.0'], '--host must be 127.0.0.1, ::1 or localhost, unless'],
  [
    ['--host', '0.0.0.0', '--allow-non-loopback', 'yes'],
    '--allow-non-loopback must be no or I know',
  ],
  [['--tenant-id', 'acme'], '--tenant-id must be a UUID'],
  [
    ['--port', '0', ...tenantFlags, '--tenant-id', String(TENANTS[1])],
    '--tenant-id names a tenant twice',
  ],
  [['--help=yes'], "Option '--help' does not take an argument."],
];

/** Files that nobody may pass, and what is said of them. */
const WRONG_FILES: readonly (readonly [flag: string, text: string, message: string])[] = [
  ['--config', 'a: [', 'is no YAML: '],
  ['--config', '- a', "must have the keys of Hanko's config.yaml"],
  ['--config', 'session: { lifespan: 5 }', 'config.session.lifespan must be a duration'],
  ['--config', 'session: { limit: 0 }', 'config.session.limit must be a whole number'],
  ['--users', '{', 'is no JSON: '],
  ['--users', '{}', 'must be a list, such as [{ "email": "ada@example.test" }]'],
  ['--users', '[1]', 'must be a list, such as'],
  ['--users', '[{"mail":"x"}]', 'mail is not a valid member of a user'],
  ['--users', '[{"metadata":{"public":{}}}]', 'public is not a valid kind of metadata'],
];

function expectWrong(end: Ended | undefined, message: string): void {
  expect(end?.errors).toContain(message);
  expect(end?.errors).toMatch(/See fake-hanko --help\.\n$/);
  expect([end?.code, end?.output]).toEqual([2, '']);
}

describe('npx fake-hanko', () => {
  it('starts one, says what a person needs, and ends well on Ctrl-C', async () => {
    await using command = run('--port', '0', '--user', `${ADA}:se:cret`, '--audience', 'app.test');
    const url = await command.printed(/^HANKO_API_URL=(\S+)$/m);
    await command.printed(/Ctrl-C stops it/);
    expect(command.output).toContain(`Public API  ${url}\n`);
    expect(command.output).toMatch(/^Admin API {3}http:\/\/localhost:\d+$/m);
    expect(command.output).toMatch(/^Audience {4}app\.test$/m);
    expect(command.output).toMatch(/^ {2}ada@example\.test, password se:cret, id [\da-f-]{36}$/m);
    expect(command.errors).toContain('NO LOGIN SERVER');

    // The user who was printed signs in over HTTP, and the keys of the server verify the token.
    const client = new FlowClient(url);
    expect(await client.signIn(ADA, 'se:cret')).toBe('success');
    const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(client.token ?? '', keys, { audience: 'app.test' });
    expect(payload).toMatchObject({ email: { address: ADA }, amr: ['pwd'] });

    command.kill('SIGINT');
    expect(await command.exitCode()).toBe(0);
  });

  it('prints the passcode of each mail when it is sent, and a line that makes a token', async () => {
    await using command = run('--port', '0', '--user', ADA, '--onboarding', 'skipped');
    const url = await command.printed(/^HANKO_API_URL=(\S+)$/m);
    expect(command.output).toContain(`  ${ADA}, passcode only, id `);
    const client = new FlowClient(url);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    if (client.state !== 'passcode_confirmation') {
      await client.act('continue_to_passcode_confirmation');
    }
    const code = await command.printed(/^Passcode for ada@example\.test: (\d{6})$/m);
    await client.act('verify_passcode', { code });
    expect(client.token).not.toBeNull();

    const [, admin = '', body = ''] =
      /^ {2}curl (\S+) -H 'content-type: application\/json' -d '(\{.*\})'$/m.exec(command.output) ??
      [];
    const made = await fetch(admin, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(made.status).toBe(200);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
  });

  it('says which port is in use, and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, errors } = await ended('--port', String(port));
      expect(code).toBe(1);
      expect(errors).toBe(
        `fake-hanko: port ${port} is in use (EADDRINUSE). Stop the program that uses it, or pass another --port.\n`,
      );
    } finally {
      other.close();
    }
  });

  it('runs a command beside it, which finds it, and ends with the exit code of the command', async () => {
    const code = `
      const { HANKO_API_URL, HANKO_ADMIN_URL, HANKO_AUDIENCE } = process.env;
      const [keys, users] = await Promise.all(
        [HANKO_API_URL + '/.well-known/jwks.json', HANKO_ADMIN_URL + '/users'].map((url) => fetch(url)),
      );
      console.log('found', keys.status, users.status, HANKO_AUDIENCE, process.argv.slice(1).join(' '));
      process.exitCode = 3;
    `;
    const beside = [process.execPath, '--input-type=module', '-e', code, '--', '--port', 'x'];
    const result = await ended('--port', '0', '--audience', 'a.test', '--', ...beside);
    expect(result.output).toContain('found 200 200 a.test --port x');
    expect(result.code).toBe(3);
  });

  it('ends the command beside it, and says what a shell would', async () => {
    const code = "process.on('SIGINT', () => {}); console.log('runs'); setInterval(() => {}, 1000)";
    await using command = run('--port', '0', '--', process.execPath, '-e', code);
    await command.printed(/^runs$/m);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(143);
    const missing = await ended('--port', '0', '--', './no-such-command');
    expect(missing.code).toBe(127);
    expect(missing.errors).toContain('./no-such-command cannot be run');
  });

  it('prints every flag for --help, and the version of its package for --version', async () => {
    const { code, output } = await ended('--help');
    expect(code).toBe(0);
    for (const name of Object.keys(FLAGS)) expect(output).toContain(`  --${name} `);
    const manifest = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await ended('--version', '--port', '1')).toEqual({
      code: 0,
      output: `${manifest.version}\n`,
      errors: '',
    });
  });

  describe('with wrong flags', () => {
    let ends: readonly Ended[];
    beforeAll(async () => {
      ends = await endedEach(WRONG_FLAGS.map(([args]) => args));
    });

    it.each(WRONG_FLAGS.map(([args, message], row) => [args, message, row] as const))(
      '%j ends with 2 and says why',
      (_args, message, row) => {
        expectWrong(ends[row], `fake-hanko: ${message}`);
      },
    );
  });

  it('listens for other machines only in so many words, and warns', async () => {
    const sentence = 'I know that this is no login server';
    const args = ['--port', '0', '--host', '0.0.0.0', '--allow-non-loopback', sentence];
    await using command = run(...args);
    await command.printed(/Ctrl-C stops it/);
    expect(command.errors).toContain('(listening on 0.0.0.0) is NO LOGIN SERVER');
  });

  describe('with files', () => {
    let folder: string;
    const write = async (name: string, text: string): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, text);
      return file;
    };
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fake-hanko-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('takes the configuration of a real Hanko, names what has no use, and users with metadata', async () => {
      const config = await write(
        'hanko.yaml',
        `database: &database
  user: hanko
server:
  public:
    address: "127.0.0.1:0"
    cors: { allow_origins: ["http://localhost:8888"] }
email_delivery:
  enabled: true
  smtp: { host: localhost }
session:
  lifespan: 1h
  audience: [app.test]
  nonsense: *database
  jwt_template:
    claims:
      role: '{{ .User.Metadata.Public "role" }}'
saml: { enabled: true }
webhooks:
  enabled: true
  hooks: [{ callback: "https://app.test/hook", events: [user] }]
`,
      );
      const metadata = { public_metadata: { role: 'admin' } };
      const users = await write(
        'users.json',
        JSON.stringify([{ email: 'bob@example.test', password: 'secret-1', metadata }]),
      );
      await using command = run('--config', config, '--users', users, '--user', ADA);
      const url = await command.printed(/^HANKO_API_URL=(\S+)$/m);
      expect(command.output).toContain('Audience    app.test\n');
      expect(command.output).toContain('  bob@example.test, password secret-1, id ');
      expect(command.output).toContain(`  ${ADA}, passcode only, id `);
      const client = new FlowClient(url);
      expect(await client.signIn('bob@example.test', 'secret-1')).toBe('success');
      const { claims } = decodeJws(client.token ?? '');
      expect(claims).toMatchObject({ role: 'admin', aud: ['app.test'] });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
      for (const note of [
        'server.public.cors is no key of Hanko (since 3.0.0 it is cors): ignored, as Hanko does',
        'session.nonsense is no key of Hanko: ignored, as Hanko does',
        'database: not used, for everything is kept in memory',
        'email_delivery.enabled, email_delivery.smtp.host: not used, for mails are not sent',
        'webhooks: https://app.test/hook is not told: it is not http:// on this machine',
        'saml.enabled is taken for false: there is no SAML',
      ]) {
        expect(command.errors).toContain(`fake-hanko: ${config}: ${note}`);
      }
    });

    it('a flag overrides the file', async () => {
      const file = await write('flag.yaml', 'session: { issuer: a, audience: b }');
      await using command = run('--config', file, '--port', '0', '--audience', 'c');
      await command.printed(/^HANKO_API_URL=(\S+)$/m);
      expect(command.output).toContain('Audience    c\n');
    });

    describe('that are wrong', () => {
      let ends: readonly Ended[];
      beforeAll(async () => {
        const files = WRONG_FILES.map(([, text], row) => write(`wrong-${row}`, text));
        const rows = WRONG_FILES.map(async ([flag], row) => [
          '--port',
          '0',
          flag,
          (await files[row]) ?? '',
        ]);
        ends = await endedEach(await Promise.all(rows));
      });

      it.each(WRONG_FILES.map((row, index) => [...row, index] as const))(
        '%s with %j ends with 2 and says why',
        (_flag, _text, message, row) => expectWrong(ends[row], message),
      );
    });

    it('a file that is not there ends with 2', async () => {
      const { code, errors } = await ended('--config', join(folder, 'nowhere.yaml'));
      expect(errors).toContain('nowhere.yaml cannot be read: ENOENT. See fake-hanko --help.');
      expect(code).toBe(2);
    });
  });

  it('has several tenants, each with the users; an app with tenants gets the address of all', async () => {
    const print = 'console.log(process.env.HANKO_API_URL, process.env.HANKO_ADMIN_URL)';
    const args = ['--port', '0', '--user', `${ADA}:secret`, '--onboarding', 'skipped'];
    await using command = run(...args, ...tenantFlags);
    const url = await command.printed(/^HANKO_API_URL=(\S+)$/m);
    expect(url).toBe(new URL(url).origin);
    const list = TENANTS.map((id) => `  ${url}/${id}\n`).join('');
    expect(command.output).toContain(`\nTenants:\n${list}\nUsers:\n`);
    const subjects: unknown[] = [];
    for (const id of TENANTS) {
      const client = new FlowClient(`${url}/${id}`);
      expect(await client.signIn(ADA, 'secret')).toBe('success');
      subjects.push(decodeJws(client.token ?? '').claims.sub);
    }
    expect(new Set(subjects).size).toBe(2);

    const end = await ended('--port', '0', ...tenantFlags, '--', process.execPath, '-e', print);
    expect(end.output).toMatch(/^http:\/\/localhost:\d+ http:\/\/localhost:\d+$/m);
  });

  it('hands every flag on', () => {
    const args = Object.entries({
      port: '1',
      'admin-port': '2',
      audience: 'a',
      issuer: 'i',
      'lifespan-seconds': '3',
      'idle-timeout-seconds': '4',
      'cookie-name': 'c',
      'token-transport': 'header',
      onboarding: 'skipped',
      'rate-limits': 'off',
      'allow-origin': 'https://app.test',
      webhook: 'http://localhost:1/',
      host: '::1',
      'allowed-host': 'hanko',
      'allow-non-loopback': 'no',
      user: `${ADA}:x`,
      users: 'users.json',
      config: 'hanko.yaml',
      'hanko-version': '3.0.4',
      'tenant-id': 'd9f8d3bf-0cd9-4627-a567-9d0001e39301',
      'management-port': '5',
      'modulus-length': '4096',
    }).flatMap(([name, value]) => [`--${name}`, value]);
    expect(args.length / 2).toBe(Object.keys(FLAGS).length - 2); // all but help and version
    expect(readFlags([...args, '--audience', 'b'])).toEqual({
      start: {
        port: 1,
        adminPort: 2,
        audience: ['a', 'b'],
        issuer: 'i',
        lifespanSeconds: 3,
        idleTimeoutSeconds: 4,
        cookieName: 'c',
        tokenTransport: 'header',
        onboarding: 'skipped',
        rateLimits: 'off',
        allowOrigins: ['https://app.test'],
        webhooks: [{ url: 'http://localhost:1/' }],
        host: '::1',
        hosts: ['hanko'],
        allowNonLoopback: 'no',
        users: [{ id: expect.any(String) as unknown, email: ADA, password: 'x' }],
        banner: 'on',
        version: '3.0.4',
        tenantId: 'd9f8d3bf-0cd9-4627-a567-9d0001e39301',
        managementPort: 5,
        modulusLength: 4096,
      },
      tenants: [],
      files: { config: 'hanko.yaml', users: 'users.json' },
    });
  });
});
