import { type HankoModuleOptions, HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll } from 'vitest';
import { SigningKey } from '../../fake-hanko/src/tokens/keys.js';
import {
  createService,
  type Refusal,
  refusalOf,
  TestClock,
  type TokenCode,
  tokenRefusal,
} from './verifier.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
export const NOW_SECONDS = NOW / 1000;
export const clock = new TestClock(NOW);

export let hanko: FakeHanko;
/** A second genuine key of the server, at hand here: it can sign any header text. */
export let key: SigningKey;

export const ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
export const SESSION_ID = '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10';

export const claims = (changes: object = {}): Record<string, unknown> => ({
  sub: ID,
  session_id: SESSION_ID,
  iat: NOW_SECONDS - 60,
  exp: NOW_SECONDS + 3600,
  aud: ['localhost'],
  ...changes,
});

/** The claims with one member replaced by raw JSON text; undefined leaves it out. */
export const claimsText = (name: string, json: string | undefined): string => {
  const { [name]: _, ...others } = claims();
  const text = JSON.stringify(others);
  return json === undefined ? text : `${text.slice(0, -1)},"${name}":${json}}`;
};

export const headerText = (): string => `{"alg":"RS256","kid":"${key.kid}","typ":"JWT"}`;

export const encode = (text: string | Uint8Array): string =>
  Buffer.from(text).toString('base64url');

/** Signs the two parts as they stand, whatever they are, so that only their form can be at fault. */
export const signParts = async (header: string, payload: string): Promise<string> =>
  `${header}.${payload}.${encode(await key.sign(`${header}.${payload}`))}`;

export const signPayload = (payload: string | Uint8Array): Promise<string> =>
  hanko.sign({ payload });

/** Verified by a service that has fetched nothing yet. */
export async function verify(token: unknown, options: HankoModuleOptions = {}): Promise<HankoUser> {
  const { service } = await createService({ apiUrl: hanko.url, now: clock.now, ...options });
  return service.verifyToken(token as string);
}

/** The refusal and how many fetches of the JWKS it cost. */
export async function judge(
  token: string,
  options: HankoModuleOptions = {},
): Promise<Refusal & { fetches: number }> {
  const before = hanko.countRequests();
  const refusal = await refusalOf(verify(token, options), token);
  return { ...refusal, fetches: hanko.countRequests() - before };
}

export const refusedUnread = (code: TokenCode): object => ({ ...tokenRefusal(code), fetches: 0 });
export const refusedByKey = (code: TokenCode, fetches = 1): object => ({
  ...tokenRefusal(code),
  fetches,
});

/** To be called once in a file of tests. */
export function useHostileKeys(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start({ now: clock.now });
    key = await SigningKey.generate(2048);
    hanko.setJwks({ keys: [...hanko.jwks().keys, key.publicJwk] });
  });

  afterAll(() => hanko.stop());
}
