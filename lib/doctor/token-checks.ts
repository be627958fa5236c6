import { type HankoAuthError, isHankoError } from '../errors/hanko.errors.js';
import { answerFor } from '../errors/error-codes.js';
import { logDetailOf } from '../errors/log-detail.js';
import { FetchFailure } from '../http/fetch-failure.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { parseValidation, type SessionVerdict } from '../session/session-verdict.js';
import { HankoUser } from '../user/hanko-user.js';
import { printable, printableList } from '../util/printable.js';
import { isText } from '../util/value-checks.js';
import { SessionTokenVerifier, type TrustedHanko } from '../verification/session-token.verifier.js';
import { isCloud } from './addresses.js';
import { ask, jsonOf } from './ask.js';
import { type Check, fail, ok, skip, warn } from './check.js';
import { type AddressedOptions, settled } from './hanko-checks.js';
import type { DecodedToken } from './token-report.js';

/** What is needed to judge a token as the app does. */
export interface TokenJudge {
  readonly options: AddressedOptions;
  readonly jwks: JwksProvider;
  readonly cookieName: string;
  readonly now: () => number;
}

/** Browsers drop a cookie that is longer, with its name (RFC 6265bis §5.6). */
const MAX_COOKIE_BYTES = 4_096;

/** Whether the app accepts the token, and why not: each reason, not only the first. */
export async function tokenChecks(
  token: string,
  decoded: DecodedToken,
  judge: TokenJudge,
): Promise<readonly Check[]> {
  const { options, jwks } = judge;
  const { audience, issuer } = options;
  const found = await verdictOn(token, judge, { jwks, audience, issuer }, judge.now);
  const checks =
    found instanceof HankoUser
      ? [
          ok('token', 'The app accepts it: form, time, audience, issuer and signature are right.'),
          ...(await sessionChecks(token, found, judge)),
        ]
      : await refusalChecks(token, decoded, judge, found);
  if (`${judge.cookieName}=${token}`.length <= MAX_COOKIE_BYTES) return checks;
  const tooLong = warn(
    'cookie',
    `The token is too long for a cookie: browsers drop cookies of more than ${MAX_COOKIE_BYTES} bytes.`,
    'Put less into session.jwt_template.claims, or send the token as a bearer.',
  );
  return [...checks, tooLong];
}

/** The user, or why the app refuses the token. It is the app's own code that decides. */
async function verdictOn(
  token: string,
  { options }: TokenJudge,
  hanko: TrustedHanko,
  now: () => number,
): Promise<HankoUser | HankoAuthError> {
  try {
    // A new one each time: it remembers signatures.
    return await new SessionTokenVerifier({ ...options, now }).verify(token, hanko);
  } catch (error) {
    if (isHankoError(error) && error.code !== 'configuration_invalid') return error;
    throw error;
  }
}

/** What a new login would show, too: time, signature, audience and issuer are told apart. */
async function refusalChecks(
  token: string,
  { claims }: DecodedToken,
  judge: TokenJudge,
  first: HankoAuthError,
): Promise<readonly Check[]> {
  const { jwks, options } = judge;
  const { audience, issuer } = options;
  const { iat } = claims;
  if (!Number.isFinite(iat)) return [refusalCheck(first, claims, { isFirst: true, isOurs: false })];
  const whenNew = (): number => Number(iat) * 1000;
  const [signature, ...others] = await Promise.all([
    verdictOn(token, judge, { jwks, audience: null, issuer: null }, whenNew),
    verdictOn(token, judge, { jwks, audience, issuer: null }, whenNew),
    verdictOn(token, judge, { jwks, audience: null, issuer }, whenNew),
  ]);
  const isOurs = signature instanceof HankoUser;
  const refusals = new Map<string, HankoAuthError>([[first.code, first]]);
  for (const verdict of isOurs ? others : [signature]) {
    if (!(verdict instanceof HankoUser) && !refusals.has(verdict.code)) {
      refusals.set(verdict.code, verdict);
    }
  }
  return [
    ...[...refusals.values()].map((error) =>
      refusalCheck(error, claims, { isFirst: error === first, isOurs }),
    ),
    ...(isOurs ? [ok('signature', 'A key of this Hanko has signed it.')] : []),
  ];
}

function refusalCheck(
  error: HankoAuthError,
  claims: DecodedToken['claims'],
  { isFirst, isOurs }: { readonly isFirst: boolean; readonly isOurs: boolean },
): Check {
  const { status } = answerFor(error.code);
  const what = isFirst ? 'The app refuses it' : 'It would refuse it also if that were right';
  const text = `${what}: ${status} ${error.code}. ${logDetailOf(error) ?? error.reason}.`;
  const cure = isOurs ? settingFor(error.code, claims) : undefined;
  return fail('token', text, cure ?? CURES[error.code] ?? ANY_CURE);
}

const CURES: Partial<Record<HankoAuthError['code'], string>> = {
  token_malformed:
    'Pass a token of Hanko, and it alone: what stands behind "Bearer ", or behind "hanko=" in a cookie.',
  token_too_large:
    'Put less into session.jwt_template.claims on Hanko, or raise the option maxTokenBytes.',
  token_algorithm_not_allowed: "It is no token of Hanko's. Which login server has made it?",
  token_key_unknown:
    'It was made by another Hanko than HANKO_API_URL names, or by a key that has been deleted. Sign in again at this one.',
  token_signature_invalid: 'It was changed, or another Hanko made it. Sign in again.',
  token_expired:
    'Sign in again: Hanko renews no token. session.lifespan on Hanko says how long one is valid.',
  token_not_yet_valid: 'Compare the clocks: see "clock".',
  token_claims_invalid: 'Hanko makes no such token. Which login server has made it?',
  token_audience_mismatch:
    'Sign in at the Hanko that HANKO_API_URL names. If you did, HANKO_AUDIENCE must be the "aud" claim.',
  token_issuer_mismatch:
    'Sign in at the Hanko that HANKO_API_URL names. If you did, HANKO_ISSUER must be the "iss" claim.',
  token_not_a_session:
    'Only session tokens sign a person in. Hanko before 1.4.0 made some without a session.',
  hanko_unavailable: 'See "address": without keys nothing can be verified.',
};

const ANY_CURE = 'docs/responses.md of nestjs-hanko describes each code.';

/** Only for a token that this Hanko has signed: what another one says is no advice. */
function settingFor(
  code: HankoAuthError['code'],
  { aud, iss }: DecodedToken['claims'],
): string | undefined {
  if (code === 'token_audience_mismatch') {
    const names = [aud ?? []]
      .flat()
      .filter(isText)
      .map((name) => printable(name));
    return names.length === 0
      ? 'Hanko writes no audience into its tokens: it is older than 0.7.1.'
      : `If that is your app, set HANKO_AUDIENCE=${names.join(',')}`;
  }
  if (code !== 'token_issuer_mismatch') return undefined;
  return isText(iss)
    ? `Set HANKO_ISSUER=${printable(iss)}`
    : 'Remove HANKO_ISSUER: session.issuer is not set on this Hanko.';
}

/** Whether Hanko still knows the session. It is asked by GET, which does not count as activity of the user. */
async function sessionChecks(
  token: string,
  { sessionId }: HankoUser,
  judge: TokenJudge,
): Promise<readonly Check[]> {
  const { options, cookieName } = judge;
  const verdict = await settled(askAbout(sessionId, { authorization: `Bearer ${token}` }, judge));
  if (verdict instanceof FetchFailure) {
    return [
      warn(
        'session',
        `Hanko gives no usable reply about the session: ${verdict.message}. Policies that ask it get 503.`,
      ),
    ];
  }
  if (!verdict.isAlive) return [endedCheck(verdict.isUnreadable)];
  const alive = ok('session', aliveText(verdict.idleExpiresAt));
  if (isCloud(new URL(options.apiUrl))) return [alive];
  const byCookie = await settled(askAbout(sessionId, { cookie: `${cookieName}=${token}` }, judge));
  return [alive, cookieCheck(byCookie, cookieName)];
}

/** @throws FetchFailure */
async function askAbout(
  sessionId: string,
  headers: Readonly<Record<string, string>>,
  { options, now }: TokenJudge,
): Promise<SessionVerdict> {
  const { apiUrl, validateTimeoutMs: timeoutMs, maxTokenBytes } = options;
  const bounds = { timeoutMs, maxBytes: Math.max(65_536, 8 * maxTokenBytes), now };
  const url = `${apiUrl}/sessions/validate`;
  const reply = await ask(url, { headers, statuses: [200, 400], ...bounds });
  return parseValidation({ status: reply.status, json: jsonOf(reply) }, sessionId);
}

const endedCheck = (isUnreadable: boolean): Check =>
  isUnreadable
    ? fail(
        'session',
        'Hanko refuses to validate this token because of its claims: routes that ask it get 401.',
        'A JWT template sets "email" to text for users without an address. Give that claim another name.',
      )
    : warn(
        'session',
        "Hanko says that the session has ended. Routes with the policy 'offline', which is the default, accept the token until it " +
          'expires; routes that ask Hanko get 401 session_revoked.',
        "Webhooks, or the policy 'online', make it effective at once: docs/sessions.md and docs/webhooks.md of nestjs-hanko.",
      );

const aliveText = (idleExpiresAt: number | null): string =>
  idleExpiresAt === null
    ? 'Hanko says that the session is alive.'
    : `Hanko says that the session is alive, and ends at ${new Date(idleExpiresAt).toISOString()} without activity.`;

/** Hanko reads its own cookie by the name that it gives it. */
function cookieCheck(verdict: SessionVerdict | FetchFailure, name: string): Check {
  const quoted = printableList([name]);
  if (verdict instanceof FetchFailure) {
    return skip(
      'cookie',
      `Whether Hanko calls its cookie ${quoted} is not known: ${verdict.message}.`,
    );
  }
  return verdict.isAlive
    ? ok('cookie', `Hanko's cookie is called ${quoted}, as the app expects.`)
    : warn(
        'cookie',
        `Hanko does not read a cookie ${quoted}, so it gives its own another name.`,
        'Set HANKO_COOKIE_NAME to session.cookie.name of Hanko. Without effect if the page sends a bearer.',
      );
}
