import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES, METADATA } from './cases.js';
import { decodeJws, sendJson } from '../support/raw-http.js';

type Claims = Readonly<Record<string, unknown>>;

// The cases were put to a real server of main, too.
describe('a claim of session.jwt_template', () => {
  let hanko: FakeHanko;
  let full: Claims;
  let bare: Claims;
  beforeAll(async () => {
    const claims = Object.fromEntries(CASES.map(([template], index) => [`c${index}`, template]));
    hanko = await FakeHanko.start({ config: { session: { jwt_template: { claims } } } });
    const user = hanko.createUser({ email: 'ada@example.test', username: 'ada_l' });
    const path = `${hanko.adminUrl}/users/${user.id}`;
    const names = { name: 'Ada L', given_name: 'Ada', family_name: 'L' };
    await sendJson('PATCH', path, { ...names, picture: 'https://app.test/a.png' });
    await sendJson('PATCH', `${path}/metadata`, METADATA);
    full = decodeJws(await hanko.token({ email: 'ada@example.test' })).claims;
    bare = decodeJws(await hanko.token({ username: 'bare' })).claims;
  });
  afterAll(() => hanko.stop());

  it.each(CASES.map(([template, ofFull, ofBare], index) => ({ template, ofFull, ofBare, index })))(
    '$template',
    ({ ofFull, ofBare, index }) => {
      expect([full[`c${index}`], bare[`c${index}`]]).toEqual([ofFull, ofBare]);
    },
  );
});

const start = (claims: Claims) =>
  FakeHanko.start({ config: { session: { jwt_template: { claims } } } });

describe('session.jwt_template', () => {
  it('is overridden by the claims of Hanko, and by those of a test', async () => {
    await using hanko = await start({
      sub: 'x',
      exp: 1,
      iat: 'x',
      aud: 'x',
      session_id: 'x',
      username: 'template',
      email: 'template',
      iss: 'template',
      amr: 'template',
      nbf: '1700000000',
      jti: 7,
      tier: 'gold',
    });
    const { claims } = decodeJws(
      await hanko.token({ email: 'ada@example.test', amr: ['pwd'], claims: { tier: 'silver' } }),
    );
    expect(claims).toEqual({
      sub: expect.any(String) as unknown,
      session_id: expect.any(String) as unknown,
      exp: expect.any(Number) as unknown,
      iat: expect.any(Number) as unknown,
      aud: ['localhost'],
      email: { address: 'ada@example.test', is_primary: true, is_verified: true },
      username: 'template',
      iss: 'template',
      amr: ['pwd'],
      nbf: 1_700_000_000,
      tier: 'silver',
    });
    expect(claims.sub).not.toBe('x');
  });

  it('says of the metadata what they were when the session started', async () => {
    await using hanko = await start({ role: '{{ .User.Metadata.Public "role" }}' });
    const user = hanko.createUser({ email: 'ada@example.test' });
    const patch = (role: string) =>
      sendJson('PATCH', `${hanko.adminUrl}/users/${user.id}/metadata`, {
        public_metadata: { role },
      });
    await patch('reader');
    const reader = await hanko.token({ user });
    await patch('writer');
    expect(decodeJws(reader).claims.role).toBe('reader');
    expect(decodeJws(await hanko.token({ user })).claims.role).toBe('writer');
    const { body } = await sendJson('POST', `${hanko.url}/sessions/validate`, {
      session_token: reader,
    });
    expect(body).toMatchObject({ claims: { role: 'reader' } });
  });

  it.each([
    ['{{ .User.Username', 'a {{ is not closed'],
    ['{{ }}', 'a value is missing'],
    ['{{ if true }}x', 'an end is missing'],
    ['{{ if true }}x{{ else }}y', 'an end is missing'],
    ['x{{ end }}', 'there is an end or an else too many'],
    ['{{ range .User.Name }}x{{ end }}', 'range is omitted'],
    ['{{ html .User.Name }}', 'there is no function html'],
    ['{{ "a" "b" }}', 'what is no function has arguments'],
    ['{{ (print 1 }}', 'a ) is missing'],
    ['{{ .User.Name ; }}', '; is not understood'],
    ['{{ .User.Metadata.Public "@pretty" }}', 'the metadata path @pretty is omitted'],
    ['{{ .User.Metadata.Public "a|b" }}', 'the metadata path a|b is omitted'],
    ['{{ .User.Metadata.Public "a.#(b=1" }}', 'the metadata path'],
    ['{{ "\\x41" }}', '"\\x41" has an escape that is not understood'],
  ])('%s: it does not start, and says why', async (template, message) => {
    for (const claim of [template, [template], { x: template }]) {
      await expect(start({ role: claim })).rejects.toThrow(
        `FakeHanko: config.session.jwt_template.claims.role cannot be used: ${message}`,
      );
    }
  });
});
