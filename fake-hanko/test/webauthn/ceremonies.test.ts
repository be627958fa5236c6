import { describe, expect, it } from 'vitest';
import { checkOptions, type FakeHankoOptions } from '../../src/options.js';
import type { WebauthnCredential } from '../../src/store/records.js';
import { beginLogin, beginRegistration, type KeyOwner } from '../../src/webauthn/ceremony.js';
import { finishLogin } from '../../src/webauthn/login.js';
import { finishRegistration } from '../../src/webauthn/registration.js';
import { MalformedResponse } from '../../src/webauthn/response.js';
import { type Lies, type PublicKeyOptions, SoftwareKey } from '../support/authenticator.js';

const PAGE = 'http://localhost:5173';
const ADA = { id: '8e3d0fdc-77e3-4d4c-95f9-bfd11c92bbec', email: 'ada@example.test' };
const AT = Date.parse('2026-11-27T12:00:00Z');

/** One server, whose clock stands still. */
class Server {
  now = AT;
  readonly settings;
  constructor(options: FakeHankoOptions = {}) {
    this.settings = checkOptions({ ...options, now: () => this.now });
  }

  options(owner: KeyOwner = ADA, existing: readonly WebauthnCredential[] = [], isMfa = false) {
    return beginRegistration(this.settings, owner, existing, isMfa);
  }

  register(key: SoftwareKey, lies: Lies = {}, afterMs = 0): Promise<WebauthnCredential | null> {
    const { ceremony, options } = this.options();
    this.now += afterMs;
    const response = key.create(options.publicKey as unknown as PublicKeyOptions, lies);
    return finishRegistration(this.settings, ceremony, JSON.stringify(response));
  }

  /** @param find Default: the owner has the key. */
  login(
    key: SoftwareKey,
    known: WebauthnCredential,
    lies: Lies = {},
    find: Parameters<typeof finishLogin>[3] = () => ({ ownerId: ADA.id, key: known }),
  ): ReturnType<typeof finishLogin> {
    const { ceremony, options } = beginLogin(this.settings, null, false);
    const response = key.get(options.publicKey as unknown as PublicKeyOptions, lies);
    return finishLogin(this.settings, ceremony, JSON.stringify(response), find);
  }
}

async function registered(server: Server, key: SoftwareKey): Promise<WebauthnCredential> {
  const known = await server.register(key);
  if (known === null) throw new Error('not registered');
  return known;
}

describe('a new key', () => {
  it.each(['P-256', 'P-384'] as const)(
    'on %s is verified, and so is what it signs',
    async (curve) => {
      const server = new Server();
      const key = new SoftwareKey(PAGE, 'packed', 'usb', curve);
      const known = await registered(server, key);
      expect(await server.login(key, known)).toMatchObject({ key: { id: key.id } });
    },
  );

  it('is called as its authenticator is, if that is well known', async () => {
    const aaguid = 'bada5566a7aa401fbd9645619a55120d';
    expect(await new Server().register(new SoftwareKey(PAGE), { aaguid })).toMatchObject({
      name: '1Password',
      aaguid: 'bada5566-a7aa-401f-bd96-45619a55120d',
    });
    expect(await new Server().register(new SoftwareKey(PAGE))).not.toHaveProperty('name');
  });

  it.each([
    ['preferred', false, true],
    ['discouraged', false, true],
    ['required', false, false],
    ['required', true, true],
  ] as const)(
    'verification of the user %s, and it was %j: taken: %j',
    async (rule, isVerified, isTaken) => {
      const server = new Server({ config: { passkey: { user_verification: rule } } });
      const known = await server.register(new SoftwareKey(PAGE), { isVerified });
      expect(known !== null).toBe(isTaken);
    },
  );

  it('is too late after ten minutes', async () => {
    expect(await new Server().register(new SoftwareKey(PAGE), {}, 600_000)).not.toBeNull();
    expect(await new Server().register(new SoftwareKey(PAGE), {}, 600_001)).toBeNull();
  });

  it('has the transports that are no nonsense, and no more than ten', async () => {
    const transports = ['usb', '<script>', 'x'.repeat(33), ...Array<string>(20).fill('nfc')];
    const known = await new Server().register(new SoftwareKey(PAGE), { transports });
    expect(known?.transports).toEqual(['usb', ...Array<string>(9).fill('nfc')]);
  });

  it.each(['usb', [7], {}, true])('whose transports are %j is none', async (transports) => {
    const lies = { transports } as Lies;
    await expect(new Server().register(new SoftwareKey(PAGE), lies)).rejects.toThrow(
      MalformedResponse,
    );
  });

  it.each([
    ['another type', { type: 'password' }],
    ['two ids', { rawId: 'AAAA' }],
  ])('that has %s is none', async (_name, change) => {
    const server = new Server();
    const { ceremony, options } = server.options();
    const response = new SoftwareKey(PAGE).create(options.publicKey as unknown as PublicKeyOptions);
    const text = JSON.stringify({ ...(response as object), ...change });
    await expect(finishRegistration(server.settings, ceremony, text)).rejects.toThrow(
      MalformedResponse,
    );
  });
});

describe('a signature', () => {
  it('counts: the next one must be higher', async () => {
    const server = new Server();
    const key = new SoftwareKey(PAGE);
    let known = await registered(server, key);
    for (const [count, isGood] of [
      [10, true],
      [10, false],
      [9, false],
      [11, true],
    ] as const) {
      const verdict = await server.login(key, known, { count });
      expect(verdict !== 'invalid').toBe(isGood);
      if (typeof verdict !== 'string') known = verdict.key;
    }
  });

  it('says whether the passkey is copied to other devices', async () => {
    const server = new Server();
    const key = new SoftwareKey(PAGE);
    const known = await registered(server, key);
    expect(known).toMatchObject({ backup_eligible: false, backup_state: false });
    expect(await server.login(key, known, { isBackedUp: true })).toMatchObject({
      key: { backup_eligible: true, backup_state: true },
    });
  });

  it('is of no use if the key is deleted, or of somebody else, before it is verified', async () => {
    const server = new Server();
    const key = new SoftwareKey(PAGE);
    const known = await registered(server, key);
    for (const later of [
      undefined,
      { ownerId: '3d0fdc8e-77e3-4d4c-95f9-bfd11c92bbec', key: known },
    ]) {
      const finds = [{ ownerId: ADA.id, key: known }, later];
      expect(await server.login(key, known, {}, () => finds.shift())).toBe('invalid');
    }
  });

  it.each([
    ['', true],
    [undefined, false],
    ['AAAA', false],
  ])('with the user handle %j is good: %j', async (userHandle, isGood) => {
    const server = new Server();
    const key = new SoftwareKey(PAGE);
    const verdict = await server.login(key, await registered(server, key), { userHandle });
    expect(verdict !== 'invalid').toBe(isGood);
  });

  it('keeps what happened to the key meanwhile', async () => {
    const server = new Server();
    const key = new SoftwareKey(PAGE);
    const known = await registered(server, key);
    const finds = [known, { ...known, name: 'Laptop' }].map((one) => ({
      ownerId: ADA.id,
      key: one,
    }));
    expect(await server.login(key, known, {}, () => finds.shift())).toMatchObject({
      key: { name: 'Laptop' },
    });
  });
});

describe('what an authenticator is asked', () => {
  it('has a name to find the key by, and one that people know', () => {
    const { publicKey } = new Server().options({ ...ADA, username: 'ada' }).options;
    expect(publicKey.user).toEqual({
      id: 'jj0P3HfjTUyV-b_RHJK77A',
      name: 'ada@example.test',
      displayName: 'ada',
    });
    const { publicKey: nameless } = new Server().options({ id: ADA.id, username: 'ada' }).options;
    expect(nameless.user).toMatchObject({ name: 'ada', displayName: 'ada' });
  });

  it('names the keys that there are, with their transports if those are known', async () => {
    const server = new Server();
    const known = await registered(server, new SoftwareKey(PAGE));
    const silent = { ...known, id: 'other', transports: [] };
    const { publicKey } = server.options(ADA, [known, silent]).options;
    expect(publicKey.excludeCredentials).toEqual([
      { type: 'public-key', id: known.id, transports: ['internal'] },
      { type: 'public-key', id: 'other' },
    ]);
    expect(server.options().options.publicKey).not.toHaveProperty('excludeCredentials');
  });

  it.each([
    ['cross-platform', 'cross-platform'],
    ['platform', 'platform'],
    ['no_preference', undefined],
  ] as const)('for a security key, %s: %j', (authenticator_attachment, expected) => {
    const config = { mfa: { security_keys: { authenticator_attachment } } };
    const { publicKey } = new Server({ config }).options(ADA, [], true).options;
    const { authenticatorAttachment } = publicKey.authenticatorSelection as Record<string, unknown>;
    expect(authenticatorAttachment).toBe(expected);
  });

  it('is configured', () => {
    const config = {
      passkey: { attestation_preference: 'none', user_verification: 'required' },
      webauthn: {
        relying_party: { id: 'example.com', display_name: 'Example' },
        timeouts: { registration: 1000, login: 2000 },
      },
    } as const;
    const server = new Server({ config });
    expect(server.options().options.publicKey).toMatchObject({
      rp: { id: 'example.com', name: 'Example' },
      timeout: 1000,
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
    });
    expect(beginLogin(server.settings, null, false).options.publicKey).toMatchObject({
      rpId: 'example.com',
      timeout: 2000,
      userVerification: 'required',
    });
  });

  it('has two minutes where it need not know who is there', () => {
    const config = { passkey: { user_verification: 'discouraged' } } as const;
    const server = new Server({ config });
    expect(server.options().options.publicKey.timeout).toBe(120_000);
    const { ceremony, options } = beginLogin(server.settings, null, false);
    expect([options.publicKey.timeout, ceremony.expiresAt]).toEqual([120_000, AT + 120_000]);
    expect(new Server().options(ADA, [], true).options.publicKey.timeout).toBe(120_000);
  });

  it('is something new each time', () => {
    const server = new Server();
    const challenges = Array.from({ length: 100 }, () => server.options().ceremony.challenge);
    expect(new Set(challenges).size).toBe(100);
    expect(challenges.every((one) => Buffer.from(one, 'base64url').length === 32)).toBe(true);
  });
});
