import { check, checkJsonObject, checkNoMore, checkObject, isText, toJson } from '../check.js';
import { checkPerson } from '../store/new-user.js';
import type { RawToken, TokenShape } from './shapes.js';

/** @throws TypeError that names the wrong member. */
export function checkShape(shape: TokenShape): void {
  checkObject(shape, 'the shape of a token');
  const { user, amr, claims, ageSeconds, lifespanSeconds, audience, issuer, kid, ...person } =
    shape;
  checkPerson(person, 'member of a token');
  check(
    user === undefined || Object.values(person).every((member) => member === undefined),
    'user cannot be combined with email, emailVerified or username: pass those to createUser()',
  );
  check(
    user === undefined || isText(typeof user === 'object' ? user?.id : user),
    'user must be what createUser() returned, or its id',
  );
  check(
    amr === undefined || amr === null || (Array.isArray(amr) && amr.every(isText)),
    'amr must be a list of texts, or null to omit it',
  );
  if (claims !== undefined) checkJsonObject(claims, 'claims');
  check(isWhole(ageSeconds), 'ageSeconds must be a whole number');
  check(
    isWhole(lifespanSeconds) && (lifespanSeconds ?? 1) > 0,
    'lifespanSeconds must be a whole number above 0: use expiredToken() for an expired token',
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
  checkNoMore(unknown, 'member of the argument of sign()');
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

const isWhole = (value: unknown): boolean => value === undefined || Number.isSafeInteger(value);

/** A shape whose token expired a minute ago. @throws TypeError */
export function expiredShape(
  shape: Omit<TokenShape, 'ageSeconds'>,
  usualLifespanSeconds: number,
): TokenShape {
  check(
    (shape as TokenShape | null)?.ageSeconds === undefined,
    'expiredToken() takes no ageSeconds: token() does',
  );
  const { lifespanSeconds = usualLifespanSeconds } = shape;
  return { ...shape, ageSeconds: lifespanSeconds + 60 };
}
