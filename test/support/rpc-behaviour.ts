import { HANKO_CHANNELS } from 'nestjs-hanko';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordChannel } from './app.js';
import {
  type Carrier,
  emitBy,
  eventually,
  expectNoToken,
  type Fields,
  hanko,
  otherToken,
  ran,
  refusal,
  type RunningRpc,
  sendBy,
  token,
  unmet,
  userId,
} from './rpc-handlers.js';

export interface RpcUnderTest {
  readonly rpc: RunningRpc;
  readonly carrier: Carrier;
  /** Whether the transport can carry what is no text. Default false. */
  readonly carriesValues?: boolean;
}

interface Case {
  readonly title: string;
  readonly pattern?: string;
  readonly fields: () => Fields | Promise<Fields>;
  readonly answer: () => unknown;
}

const known = () => ({ id: userId, isToken: true });
const nobody = () => ({ id: null, isToken: false });
const bearer = (value: string): Fields => ({ authorization: `Bearer ${value}` });

const CASES: readonly Case[] = [
  { title: 'nothing', fields: () => ({}), answer: () => refusal('credentials_missing') },
  ...['authorization', 'Authorization', 'AUTHORIZATION'].map((name) => ({
    title: `a valid token in ${name}`,
    fields: () => ({ [name]: `Bearer ${token}` }),
    answer: known,
  })),
  {
    title: 'a valid token in the cookie',
    fields: () => ({ cookie: `hanko=${token}` }),
    answer: known,
  },
  {
    title: 'a cookie that a foreign page sent along',
    fields: () => ({ cookie: `hanko=${token}`, origin: 'https://evil.example' }),
    answer: () => refusal('cross_site_request'),
  },
  {
    title: 'a token under another name',
    fields: () => ({ token, headers: `Authorization: Bearer ${token}`, 'x-authorization': token }),
    answer: () => refusal('credentials_missing'),
  },
  {
    title: 'an expired token',
    fields: async () => bearer(await hanko.expiredToken()),
    answer: () => refusal('token_expired'),
  },
  {
    title: 'a token for another service',
    fields: async () => bearer(await hanko.token({ audience: 'elsewhere' })),
    answer: () => refusal('token_audience_mismatch'),
  },
  {
    title: 'no token at all behind Bearer',
    fields: () => ({ authorization: 'Bearer' }),
    answer: () => refusal('token_malformed'),
  },
  {
    title: 'a token that is too large',
    fields: () => bearer('a'.repeat(20_000)),
    answer: () => refusal('token_too_large'),
  },
  {
    title: 'an invalid token beside a valid cookie',
    fields: () => ({ ...bearer('no.to.ken'), cookie: `hanko=${token}` }),
    answer: () => refusal('token_malformed'),
  },
  {
    title: 'two different tokens',
    fields: () => ({ ...bearer(token), AUTHORIZATION: `Bearer ${otherToken}` }),
    answer: () => refusal('credentials_ambiguous'),
  },
  {
    title: 'the same token twice',
    fields: () => ({ ...bearer(token), AUTHORIZATION: `bearer ${token}` }),
    answer: known,
  },
  {
    title: 'names of Object.prototype',
    fields: () => ({ constructor: 'x', hasOwnProperty: 'x', ...bearer(token) }),
    answer: known,
  },
  { title: 'nothing, optional', pattern: 'optional', fields: () => ({}), answer: nobody },
  {
    title: 'a valid token, optional',
    pattern: 'optional',
    fields: () => bearer(token),
    answer: known,
  },
  {
    title: 'an invalid token, optional',
    pattern: 'optional',
    fields: () => bearer('no.to.ken'),
    answer: () => refusal('token_malformed'),
  },
  {
    title: 'an invalid token, public',
    pattern: 'public',
    fields: () => bearer('no.to.ken'),
    answer: () => ({ id: null, payload: {} }),
  },
  {
    title: 'a login with a password, mfa',
    pattern: 'mfa',
    fields: () => bearer(token),
    answer: () => unmet('step_up_required'),
  },
  {
    title: 'a login with two factors, mfa',
    pattern: 'mfa',
    fields: async () => bearer(await hanko.token({ amr: ['pwd', 'totp'] })),
    answer: () => 'mfa',
  },
  {
    title: 'a user without the claim',
    pattern: 'gold',
    fields: () => bearer(token),
    answer: () => unmet('requirement_not_met'),
  },
  {
    title: 'a user with the claim',
    pattern: 'gold',
    fields: async () => bearer(await hanko.token({ claims: { tier: 'gold' } })),
    answer: () => 'gold',
  },
];

/** What is no text, and what says no more than nothing. */
const VALUES: readonly Case[] = [
  ...([7, true, { Bearer: 1 }, [[]]] as unknown[]).map((value) => ({
    title: `${JSON.stringify(value)} as authorization, optional`,
    pattern: 'optional',
    fields: () => ({ authorization: value }),
    answer: () => refusal('token_malformed'),
  })),
  {
    title: 'a list of two tokens',
    fields: () => ({ authorization: [`Bearer ${token}`, `Bearer ${otherToken}`] }),
    answer: () => refusal('credentials_ambiguous'),
  },
  {
    title: 'a valid token and a number',
    fields: () => ({ authorization: [`Bearer ${token}`, 7] }),
    answer: () => refusal('credentials_ambiguous'),
  },
  {
    title: 'null, optional',
    pattern: 'optional',
    fields: () => ({ authorization: null }),
    answer: nobody,
  },
];

/** What payloads say counts for nothing. */
const PAYLOADS = (): readonly unknown[] => {
  const authorization = `Bearer ${token}`;
  return [
    { authorization, token, headers: { authorization }, cookies: { hanko: token } },
    { rawHeaders: ['Authorization', authorization], headers: { authorization }, method: 'GET' },
    {
      metadata: { authorization },
      getMetadata: { authorization },
      args: [0, 1, { authorization }],
    },
    { properties: { headers: { authorization }, userProperties: { authorization } } },
    [{ authorization }, { metadata: { authorization } }],
    authorization,
  ];
};

/** To be called in a `describe`: the same of every transport. */
export function behavesAsOverHttp(start: () => Promise<RpcUnderTest>, values = false): void {
  let under: RpcUnderTest;
  beforeAll(async () => {
    under = await start();
    return async () => {
      await under.carrier.client.close();
      await under.rpc[Symbol.asyncDispose]();
    };
  });

  describe('a message with', () => {
    it.each([...CASES, ...(values ? VALUES : [])])(
      '$title',
      async ({ pattern = 'required', fields, answer }) => {
        const got = await sendBy(under.carrier, pattern, await fields());

        expect(got).toEqual(answer());
        expect(ran).toEqual(Object.hasOwn(Object(got) as object, 'refused') ? [] : [pattern]);
        expectNoToken(under.rpc.log, got);
      },
    );

    it('a payload that looks like a context, or carries a token: it is never read', async () => {
      for (const payload of PAYLOADS()) {
        expect(await sendBy(under.carrier, 'required', {}, payload)).toEqual(
          refusal('credentials_missing'),
        );
        expect(await sendBy(under.carrier, 'optional', {}, payload)).toEqual(nobody());
      }
    });
  });

  it('messages of one client are told apart, however they follow each other', async () => {
    const send = (fields: Fields) => sendBy(under.carrier, 'optional', fields);

    expect(await send(bearer(token))).toEqual(known());
    expect(await send({})).toEqual(nobody());
    expect(await send(bearer(otherToken))).toMatchObject({ isToken: false });
    expect(await send(bearer(token))).toEqual(known());
  });

  it('who is behind a message is told once, though guard and parameters ask', async () => {
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    await sendBy(under.carrier, 'required', bearer(token));

    expect(authentications.messages).toEqual([
      expect.objectContaining({ outcome: 'authenticated', handler: 'RpcController.required' }),
    ]);
  });

  describe('an event', () => {
    it('reaches its handler with a valid token, and the public one without', async () => {
      await emitBy(under.carrier, 'event', bearer(token));
      await emitBy(under.carrier, 'public-event');

      await eventually(() => expect(ran.toSorted()).toEqual(['event of the user', 'public-event']));
    });

    it('is refused without one: our log has a warning, and nothing else has a line', async () => {
      const { lines } = under.rpc.log;
      const before = lines.length;
      await emitBy(under.carrier, 'event');
      await emitBy(under.carrier, 'event', bearer('no.to.ken'));
      await eventually(() => expect(lines.length).toBeGreaterThanOrEqual(before + 2));
      // What came later was handled, so what came before it was, too.
      expect(await sendBy(under.carrier, 'public')).toEqual({ id: null, payload: {} });

      expect(ran).toEqual(['public']);
      const written = lines.slice(before);
      expect(written.map(({ level, context }) => `${level} ${context}`)).toEqual([
        'warn HankoAuth',
        'warn HankoAuth',
      ]);
      expect(written.map(({ text }) => text).toSorted()).toEqual([
        expect.stringMatching(/^credentials_missing at RpcController\.event: looked for a token/),
        expect.stringMatching(/^token_malformed at RpcController\.event: /),
      ]);
    });
  });
}
