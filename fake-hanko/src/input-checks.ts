import { isTotpSecret } from './flow/totp.js';
import { check, checkNoMore, isText } from './options.js';
import type { RawToken, TokenShape } from './tokens.js';
import type { NewFakeUser } from './directory.js';

/** @throws TypeError that names the wrong member. */
export function checkUser(user: NewFakeUser): void {
  checkObject(user, 'a user');
  const { id: _id, password, totpSecret, ...person } = user;
  check(
    password === undefined || (isText(password) && Buffer.byteLength(password) <= 72),
    'password must be text of at most 72 bytes',
  );
  check(
    totpSecret === undefined || (isText(totpSecret) && isTotpSecret(totpSecret)),
    'totpSecret must be Base32, such as JBSWY3DPEHPK3PXP',
  );
  checkPerson(person, 'member of a user');
}

/** @throws TypeError that names the wrong member. */
export function checkShape(shape: TokenShape): void {
  checkObject(shape, 'the shape of a token');
  const { user, amr, claims, ageSeconds, lifespanSeconds, audience, issuer, kid, ...person } =
    shape;
  checkPerson(person, 'member of a token');
  check(
    user === undefined || Object.values(person).every((member) => member === undefined),
    'user goes without email, emailVerified and username: what a token says of them is what createUser() was told',
  );
  check(
    user === undefined || isText(typeof user === 'object' ? user?.id : user),
    'user must be what createUser() returned, or its id',
  );
  check(
    amr === undefined || amr === null || (Array.isArray(amr) && amr.every(isText)),
    'amr must be a list of texts, or null to leave it out',
  );
  if (claims !== undefined) checkJsonObject(claims, 'claims');
  check(isWhole(ageSeconds), 'ageSeconds must be a whole number');
  check(
    isWhole(lifespanSeconds) && (lifespanSeconds ?? 1) > 0,
    'lifespanSeconds must be a whole number above 0: expiredToken() makes expired ones',
  );
  const audiences = ([] as readonly unknown[]).concat(audience ?? 'any');
  check(
    audiences.length > 0 && audiences.every(isText),
    'audience must be text, or a list of texts that is not empty',
  );
  check(issuer === undefined || isText(issuer), 'issuer must be text');
  check(kid === undefined || isText(kid), 'kid must be text');
}

/** @throws TypeError that names the wrong member. */
export function checkRawToken(token: RawToken): void {
  checkObject(token, 'what sign() signs');
  const { header, payload, kid: _kid, ...unknown } = token;
  checkNoMore(unknown, 'member of what sign() signs');
  if (header !== undefined) checkJsonObject(header, 'header');
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
    checkJsonObject(payload, 'payload, if neither text nor bytes,');
  }
}

/** @throws TypeError for a wrong argument of `webhookToken`. */
export function checkWebhook(event: string, data: unknown, options: object): void {
  check(isText(event), 'event must be text, such as user.create');
  toJson(data, 'data');
  checkObject(options, 'the options of webhookToken()');
  const { ageSeconds, ...unknown } = options as { ageSeconds?: unknown };
  checkNoMore(unknown, 'option of webhookToken()');
  check(isWhole(ageSeconds), 'ageSeconds must be a whole number');
}

/**
 * The value as JSON.
 * @throws TypeError for what JSON cannot say: undefined, functions, bigints, cycles.
 */
export function toJson(value: unknown, what: string): string {
  let text: string | undefined;
  let reason = '';
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    reason = `: ${(error as Error).message}`;
  }
  check(text !== undefined, `${what} cannot be written as JSON${reason}`);
  return text;
}

function checkObject(value: unknown, what: string): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  check(isObject, `${what} must be an object`);
}

function checkJsonObject(value: unknown, what: string): void {
  checkObject(value, what);
  toJson(value, what);
}

function checkPerson(
  person: Pick<NewFakeUser, 'email' | 'emailVerified' | 'username'>,
  what: string,
): void {
  const { email, emailVerified, username, ...unknown } = person;
  checkNoMore(unknown, what);
  check(
    email === undefined || (isText(email) && /^[^@\s]+@[^@\s]+$/.test(email)),
    'email must be an address, such as ada@example.test',
  );
  check(
    emailVerified === undefined || typeof emailVerified === 'boolean',
    'emailVerified must be true or false',
  );
  check(username === undefined || isText(username), 'username must be text that is not empty');
}

const isWhole = (value: unknown): boolean => value === undefined || Number.isSafeInteger(value);
