import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { describe, expect, it } from 'vitest';

const PAGE = 'http://localhost:5173';
const EMAIL = 'ada@example.test';

async function stateOf(options: FakeHankoOptions, page = PAGE) {
  await using hanko = await FakeHanko.start({ host: 'localhost', ...options });
  const state = await hanko.storageState(page, { email: EMAIL, amr: ['passkey'] });
  const [cookie] = state.cookies;
  const validated = await fetch(`${hanko.url}/sessions/validate`, {
    headers: { cookie: `${cookie?.name}=${cookie?.value}` },
  });
  return { ...state, cookie, session: await validated.json() };
}

describe('storageState', () => {
  it('is that of a browser in which somebody has signed in', async () => {
    const now = Date.now();
    const { cookie, cookies, origins, session } = await stateOf({ now: () => now });
    const exp = Math.floor(now / 1000) + 43_200;
    expect(cookies).toHaveLength(1);
    expect(cookie).toEqual({
      name: 'hanko',
      value: expect.stringMatching(/^eyJ/) as string,
      domain: 'localhost',
      path: '/',
      expires: exp,
      httpOnly: true,
      secure: false,
      sameSite: 'Strict',
    });
    expect(origins).toEqual([
      {
        origin: PAGE,
        localStorage: [
          {
            name: 'hanko_session_state',
            value: JSON.stringify({ expiration: exp * 1000, lastCheck: now }),
          },
        ],
      },
    ]);
    expect(session).toMatchObject({
      is_valid: true,
      claims: { amr: ['passkey'], email: { address: EMAIL } },
    });
  });

  it('has the cookie that is configured', async () => {
    const config = {
      session: {
        cookie: {
          name: 'app',
          domain: 'example.test',
          secure: true,
          same_site: 'none',
          http_only: false,
        },
      },
    } as const;
    const { cookie, origins } = await stateOf({ config }, 'http://www.example.test/path?query');
    expect(cookie).toMatchObject({
      name: 'app',
      domain: 'example.test',
      secure: true,
      sameSite: 'None',
      httpOnly: false,
    });
    expect(origins).toMatchObject([
      { origin: 'http://www.example.test', localStorage: [{ name: 'app_session_state' }] },
    ]);
  });

  it("has the cookie of Hanko's SDK, of the page, where the header brings the token", async () => {
    const options = { tokenTransport: 'header', host: '127.0.0.1' } as const;
    const { cookie, session } = await stateOf(options);
    expect(cookie).toMatchObject({ domain: 'localhost', httpOnly: false, sameSite: 'Lax' });
    expect(session).toMatchObject({ is_valid: true });
  });

  it('refuses a page that the browser would keep no cookie for', async () => {
    await expect(stateOf({ host: '127.0.0.1' })).rejects.toThrow(
      new TypeError(
        "FakeHanko: the page is at localhost and FakeHanko at 127.0.0.1: a cookie needs one name for both. Start it with host: 'localhost'.",
      ),
    );
  });

  it.each(['', 'localhost', 'about:blank', 'file:///index.html', undefined as unknown as string])(
    'refuses %j as a page',
    async (page) => {
      await using hanko = await FakeHanko.start({ host: 'localhost' });
      await expect(hanko.storageState(page)).rejects.toThrow(
        'storageState() needs the address of the page, such as http://localhost:5173',
      );
    },
  );
});
