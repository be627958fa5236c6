import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Lies, SoftwareKey } from '../support/authenticator.js';
import { FlowClient } from '../support/flow-client.js';

const PAGE = 'http://localhost:5173';
const PASSWORD = 'Correct-Horse-1';
const ADA = 'ada@example.test';
const BOB = 'bob@example.test';
const INVALID = ['passkey_invalid'];

let now = Date.parse('2026-11-27T12:00:00Z');
let hanko: FakeHanko;
let client: FlowClient;

beforeAll(async () => {
  hanko = await FakeHanko.start({
    now: () => now,
    rateLimits: 'off',
    users: [
      { email: ADA, password: PASSWORD },
      { email: BOB, password: PASSWORD },
    ],
  });
});
afterAll(() => hanko.stop());
beforeEach(() => {
  client = new FlowClient(hanko.url);
});

async function keyOf(
  email: string,
  kind: 'passkey' | 'security key' = 'passkey',
): Promise<SoftwareKey> {
  const owner = new FlowClient(hanko.url);
  const key = new SoftwareKey(PAGE);
  owner.token = await hanko.token({ email });
  await owner.start('profile', true);
  for (const id of keysIn(owner)) {
    await owner.act('webauthn_credential_delete', { passkey_id: id });
  }
  expect(await owner.addKey(key, kind)).toBe('profile_init');
  return key;
}

const keysIn = ({ body }: FlowClient): readonly string[] => {
  const { user } = body.payload as { user: Record<string, readonly { id: string }[] | undefined> };
  return [...(user.passkeys ?? []), ...(user.security_keys ?? [])].map(({ id }) => id);
};

describe('a signature that is not of this ceremony', () => {
  let key: SoftwareKey;
  beforeAll(async () => {
    key = await keyOf(ADA);
  });

  const lies: readonly (readonly [string, Lies])[] = [
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['an empty challenge', { challenge: '' }],
    ['a page of another machine', { origin: 'https://phishing.example' }],
    ['a page whose name begins like ours', { origin: 'http://localhost.phishing.example' }],
    ['a page whose name ends like ours', { origin: 'http://notlocalhost:5173' }],
    ['a page that is named by its address', { origin: 'http://127.0.0.1:5173' }],
    ['no page', { origin: '' }],
    ['another relying party', { rpId: 'phishing.example' }],
    ['a registration', { type: 'webauthn.create' }],
    ['another key', { signer: new SoftwareKey(PAGE) }],
    ['nobody present', { isPresent: false }],
    ['no user handle', { userHandle: undefined }],
    ['the user handle of somebody else', { userHandle: Buffer.alloc(16, 7).toString('base64url') }],
    ['a user handle that is none', { userHandle: '=' }],
    ['the counter of an earlier signature', { count: 1 }],
  ];

  it.each(lies)('%s: 401, the page stays, and the truth is good afterwards', async (_name, lie) => {
    await client.start('login', true);
    expect(await client.sign(key, lie)).toBe('login_init');
    expect(client.answer.status).toBe(401);
    expect(client.errors).toEqual(INVALID);
    expect(await client.sign(key)).toBe('success');
  });

  it.each(lies)('%s, by button: 401, and nothing is asked once more', async (_name, lie) => {
    await client.start('login', true);
    await client.act('webauthn_generate_request_options');
    expect(await client.sign(key, lie)).toBe('login_passkey');
    // With options the components would ask the authenticator again, and again.
    expect(client.body.payload).toEqual({});
    expect(client.errors).toEqual(INVALID);
    expect(await client.act('back')).toBe('login_init');
    expect(await client.sign(key)).toBe('success');
  });

  it('a counter that stays 0 is that of an authenticator that does not count', async () => {
    for (let i = 0; i < 2; i += 1) {
      await client.start('login', true);
      expect(await client.sign(key, { count: 0 })).toBe('success');
    }
  });

  it('a response is good in its flow, and once', async () => {
    const other = new FlowClient(hanko.url);
    await client.start('login', true);
    await other.start('login', true);
    expect(other.asked.challenge).not.toBe(client.asked.challenge);
    const assertion_response = key.get(client.asked);
    const { href = '' } = client.body.actions.webauthn_verify_assertion_response ?? {};
    const call = { csrf_token: client.body.csrf_token, input_data: { assertion_response } };
    expect(await other.act('webauthn_verify_assertion_response', { assertion_response })).toBe(
      'login_init',
    );
    expect(other.errors).toEqual(INVALID);
    const states = await Promise.all([client, other].map((one) => one.post(href, call)));
    expect(states.toSorted()).toEqual(['error: operation_not_permitted_error', 'success']);
    expect(await client.post(href, call)).toBe('error: operation_not_permitted_error');
  });

  it('the challenge of a page that was left is good no more', async () => {
    await client.start('login', true);
    const autofill = key.get(client.asked);
    await client.act('webauthn_generate_request_options');
    await client.act('webauthn_verify_assertion_response', { assertion_response: autofill });
    expect(client.errors).toEqual(INVALID);
  });

  it('a challenge is good for ten minutes', async () => {
    await client.start('login', true);
    now += 600_001;
    await client.sign(key);
    expect(client.errors).toEqual(INVALID);
    expect(await client.sign(key)).toBe('success');
  });

  it('a key that was deleted meanwhile is none', async () => {
    const other = await keyOf(BOB);
    await client.start('login', true);
    const assertion_response = other.get(client.asked);
    await keyOf(BOB);
    await client.act('webauthn_verify_assertion_response', { assertion_response });
    expect(client.errors).toEqual(INVALID);
  });

  it('the keys of a user who was deleted are gone too', async () => {
    const user = hanko.createUser({ email: 'gone@example.test' });
    const other = await keyOf('gone@example.test');
    await client.start('login', true);
    hanko.deleteUser(user.id);
    await client.sign(other);
    expect(client.errors).toEqual(INVALID);
  });
});

describe('a second factor', () => {
  it('is a key of the one who has entered the password, whatever the response says', async () => {
    const adas = await keyOf(ADA, 'security key');
    const bobs = await keyOf(BOB, 'security key');
    for (const userHandle of [undefined, adas.userHandle, bobs.userHandle]) {
      await client.start('login', true);
      await client.act('continue_with_login_identifier', { email: ADA });
      await client.act('continue_to_password_login');
      expect(await client.act('password_login', { password: PASSWORD })).toBe('login_security_key');
      await client.act('webauthn_generate_request_options');
      expect(await client.sign(bobs, { userHandle })).toBe('login_passkey');
      expect(client.errors).toEqual(INVALID);
    }
    await client.act('back');
    await client.act('webauthn_generate_request_options');
    await client.sign(adas);
    expect(await client.skipAll()).toBe('success');
  });
});

describe('a new key', () => {
  async function atCreation(): Promise<void> {
    client.token = await hanko.token({ email: ADA });
    await client.start('profile', true);
    for (const id of keysIn(client)) {
      await client.act('webauthn_credential_delete', { passkey_id: id });
    }
    await client.act('webauthn_credential_create');
  }

  it.each<[string, Lies]>([
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['a page of another machine', { origin: 'https://phishing.example' }],
    ['another relying party', { rpId: 'phishing.example' }],
    ['a signature', { type: 'webauthn.get' }],
    ['a statement of another key', { signer: new SoftwareKey(PAGE) }],
    ['nobody present', { isPresent: false }],
  ])('%s: 401, and no key', async (_name, lie) => {
    await atCreation();
    expect(await client.create(new SoftwareKey(PAGE), lie)).toBe('profile_init');
    expect(client.answer.status).toBe(401);
    expect(client.errors).toEqual(INVALID);
    expect(keysIn(client)).toEqual([]);
  });

  it('that says another id than it has', async () => {
    await atCreation();
    const public_key = new SoftwareKey(PAGE).create(client.asked) as Record<string, unknown>;
    const [id, rawId] = Array(2).fill(new SoftwareKey(PAGE).id) as string[];
    await client.act('webauthn_verify_attestation_response', {
      public_key: { ...public_key, id, rawId },
    });
    expect(client.errors).toEqual(INVALID);
    expect(keysIn(client)).toEqual([]);
  });

  it('with the id of a key of somebody else changes nothing', async () => {
    const bobs = await keyOf(BOB);
    const handle = bobs.userHandle;
    await atCreation();
    expect(await client.create(bobs)).toBe('error: technical_error');
    bobs.userHandle = handle;
    await client.start('login', true);
    expect(await client.sign(bobs)).toBe('success');
    expect(client.body.payload.user).toMatchObject({ emails: [{ address: BOB }] });
  });

  it('is asked no network: statements that name addresses are not believed', async () => {
    const calls: string[] = [];
    const server = createServer((request, response) => {
      calls.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await atCreation();
    const public_key = new SoftwareKey(PAGE, 'none').create(client.asked) as {
      response: Record<string, string>;
    };
    const attestation = Buffer.from(public_key.response.attestationObject ?? '', 'base64url');
    // The name of the format in CBOR: `none` becomes `android-key`.
    const [before, after] = attestation.toString('latin1').split('\u0064none', 2);
    const forged = Buffer.from(`${before}\u006bandroid-key${after}`, 'latin1');
    public_key.response.attestationObject = forged.toString('base64url');
    await client.act('webauthn_verify_attestation_response', { public_key });
    expect(client.errors).toEqual(INVALID);
    expect(calls).toEqual([]);
    expect(port).toBeGreaterThan(0);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('what is no response at all', () => {
  const NONSENSE: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list', []],
    ['text', 'public-key'],
    ['no members', {}],
    ['members of other types', { type: 'public-key', id: 1, rawId: 1, response: 'x' }],
    [
      'no Base64url',
      { type: 'public-key', id: 'AA', rawId: 'AA', response: { clientDataJSON: '{}' } },
    ],
    [
      'no JSON of a client',
      {
        type: 'public-key',
        id: 'AA',
        rawId: 'AA',
        response: {
          clientDataJSON: 'AAAA',
          attestationObject: 'AAAA',
          authenticatorData: 'AAAA',
          signature: 'AA',
        },
      },
    ],
    ['a huge one', { type: 'public-key', id: 'A'.repeat(900_000) }],
    [
      '__proto__',
      JSON.parse('{"__proto__": {"type": "public-key"}, "response": {"__proto__": null}}'),
    ],
  ];

  it.each(NONSENSE)('%s as signature: 401, and the page stays', async (_name, sent) => {
    await client.start('login', true);
    const state = await client.act('webauthn_verify_assertion_response', {
      assertion_response: sent,
    });
    expect([state, client.errors]).toEqual(['login_init', INVALID]);
  });

  it.each(NONSENSE)('%s as key: 500, and the flow goes on', async (_name, sent) => {
    client.token = await hanko.token({ email: ADA });
    await client.start('profile', true);
    await client.act('webauthn_credential_create');
    const { body } = client;
    const { href = '' } = body.actions.webauthn_verify_attestation_response ?? {};
    const call = { csrf_token: body.csrf_token, input_data: { public_key: sent } };
    expect(await client.post(href, call)).toBe('error: technical_error');
    expect(
      await client.post(body.actions.back?.href ?? '', {
        csrf_token: body.csrf_token,
        input_data: {},
      }),
    ).toBe('profile_init');
  });

  it('JSON that is nested deeper than a stack: 401, and the page stays', async () => {
    await client.start('login', true);
    const { href = '' } = client.body.actions.webauthn_verify_assertion_response ?? {};
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const state = await client.post(
      href,
      `{"csrf_token":"${client.body.csrf_token}","input_data":{"assertion_response":${deep}}}`,
    );
    expect([state, client.errors]).toEqual(['login_init', INVALID]);
  });

  it.each([
    [1, 'profile_init'], // it can be read, and is not what was signed
    [20, 'error: technical_error'],
    [60, 'error: technical_error'],
  ])('a statement that is cut off %i bytes before its end', async (bytes, state) => {
    client.token = await hanko.token({ email: ADA });
    await client.start('profile', true);
    await client.act('webauthn_credential_create');
    const public_key = new SoftwareKey(PAGE).create(client.asked) as {
      response: Record<string, string>;
    };
    const whole = Buffer.from(public_key.response.attestationObject ?? '', 'base64url');
    public_key.response.attestationObject = whole.subarray(0, -bytes).toString('base64url');
    expect(await client.act('webauthn_verify_attestation_response', { public_key })).toBe(state);
    await client.start('profile', true);
    expect(keysIn(client)).toEqual([]);
  });
});

describe('a response to what was not asked', () => {
  it('ends in an error, and the flow goes on', async () => {
    await client.post('/login');
    await client.act('register_client_capabilities', { webauthn_available: true });
    expect(client.body.payload).toEqual({});
    const { body } = client;
    const { href = '' } = body.actions.webauthn_verify_assertion_response ?? {};
    const assertion_response = new SoftwareKey(PAGE).get({ challenge: '' });
    const call = { csrf_token: body.csrf_token, input_data: { assertion_response } };
    expect(await client.post(href, call)).toBe('error: technical_error');
    const { href: other = '' } = body.actions.webauthn_generate_request_options ?? {};
    expect(await client.post(other, { ...call, input_data: {} })).toBe('login_passkey');
  });
});

describe('which pages are believed', () => {
  const signInAt = async (page: string, options: Parameters<typeof FakeHanko.start>[0]) => {
    const other = await FakeHanko.start(options);
    const own = new FlowClient(other.url);
    own.token = await other.token({ email: ADA });
    const state = await own.addKey(new SoftwareKey(page), 'passkey');
    const { status } = own.answer;
    await other.stop();
    return [state, status];
  };
  const YES = ['profile_init', 200];
  const NO = ['profile_init', 401];

  it.each([
    ['every page of this machine', 'http://localhost:3000', {}, YES],
    ['listed ones that may call it', PAGE, { allowOrigins: [PAGE] }, YES],
    ['no others', 'http://localhost:3000', { allowOrigins: [PAGE] }, NO],
    [
      'those of the relying party',
      'https://login.example.com',
      {
        config: {
          webauthn: {
            relying_party: { id: 'example.com', origins: ['https://login.example.com'] },
          },
        },
      },
      YES,
    ],
    [
      'no others of its name',
      'https://www.example.com',
      {
        config: {
          webauthn: {
            relying_party: { id: 'example.com', origins: ['https://login.example.com'] },
          },
        },
      },
      NO,
    ],
    [
      'subdomains that may call it',
      'https://app.example.com',
      {
        allowOrigins: ['https://app.example.com'],
        config: { webauthn: { relying_party: { id: 'example.com' } } },
      },
      YES,
    ],
    [
      'no name that only ends like it',
      'https://evilexample.com',
      {
        allowOrigins: ['https://evilexample.com'],
        config: { webauthn: { relying_party: { id: 'example.com' } } },
      },
      NO,
    ],
    [
      'no other name that may call it',
      'https://app.example.net',
      {
        allowOrigins: ['https://app.example.net'],
        config: { webauthn: { relying_party: { id: 'example.com' } } },
      },
      NO,
    ],
  ])('%s', async (_name, page, options, expected) => {
    expect(await signInAt(page, options)).toEqual(expected);
  });

  it('required user verification is required', async () => {
    const other = await FakeHanko.start({ config: { passkey: { user_verification: 'required' } } });
    const own = new FlowClient(other.url);
    const key = new SoftwareKey(PAGE);
    own.token = await other.token({ email: ADA });
    await own.addKey(key, 'passkey');
    await own.start('login', true);
    expect(await own.sign(key, { isVerified: false })).toBe('login_init');
    expect(await own.sign(key)).toBe('success');
    await other.stop();
  });
});
