import type { RequireAuthOptions } from '../auth/require-auth-options.js';
import { type HankoAnswerCode, refusalBody, unmetDetails } from '../errors/error-codes.js';
import type { MetBy } from '../requirements/demand-row.js';
import { requirementChecks } from '../requirements/unmet-requirements.js';
import { HankoUser } from '../user/hanko-user.js';
import type { Fields } from './open-api.js';

/** Where the examples of a document lie that every route shares. */
const SHARED = '#/components/examples/';

/** Examples of the bodies with these codes, by code: of each kind of demand, as the routes make them. */
export function refusalExamples(
  codes: readonly HankoAnswerCode[],
  demands: readonly RequireAuthOptions[],
): Fields {
  const examples = codes.flatMap((code): (readonly [string, Fields])[] => {
    const metBy = OF_DEMANDS[code as keyof typeof OF_DEMANDS];
    if (metBy === undefined) return [[code, { $ref: `${SHARED}${nameOf(code)}` }]];
    return demands
      .map((one) => unmetBody(code, one, metBy))
      .filter((body) => body !== null)
      .map((value, index) => [index === 0 ? code : `${code}_${index + 1}`, { value }]);
  });
  return Object.fromEntries(examples);
}

/** The shared examples that operations refer to. */
export const examplesReferredToIn = (paths: Fields, codes: readonly HankoAnswerCode[]): Fields => {
  const text = JSON.stringify(paths);
  return Object.fromEntries(
    codes
      .filter((code) => text.includes(`"${SHARED}${nameOf(code)}"`))
      .map((code) => [nameOf(code), { value: refusalBody(code) }]),
  );
};

const nameOf = (code: HankoAnswerCode): string => `HankoError.${code}`;

/** Their bodies depend on what the route demands. */
const OF_DEMANDS = {
  step_up_required: 'login',
  requirement_not_met: 'rights',
} as const satisfies Partial<Record<HankoAnswerCode, MetBy>>;

const LOGIN = Date.UTC(2026, 0, 1) / 1000;
const DAY_MS = 86_400_000;

const userWith = (amr: readonly string[]): HankoUser =>
  new HankoUser({
    sub: '00000000-0000-4000-8000-000000000001',
    session_id: '00000000-0000-4000-8000-000000000002',
    iat: LOGIN,
    exp: LOGIN + 43_200,
    amr,
  });

/** What a user with a password, or else without any method, is answered; null if the route does not demand it. */
function unmetBody(
  code: HankoAnswerCode,
  demands: RequireAuthOptions,
  metBy: MetBy,
): object | null {
  const checks = requirementChecks(demands).filter((check) => check.metBy === metBy);
  if (checks.length === 0) return null;
  // A minute too late for the longest age that can be demanded here.
  const nowMs = LOGIN * 1000 + Math.max(DAY_MS, (demands.maxAgeSeconds ?? 0) * 1000) + 60_000;
  for (const user of [userWith(['pwd']), userWith([])]) {
    // Rights: the user has no claims at all, and the app's functions are not called for an example.
    const unmet = metBy === 'rights' ? checks : checks.filter((check) => !check.isMet(user, nowMs));
    if (unmet.length > 0) {
      return {
        ...refusalBody(code),
        ...unmetDetails(
          unmet.map((check) => check.unmet(user, nowMs)),
          metBy === 'login' ? user.authenticatedAt : undefined,
        ),
      };
    }
  }
  return null;
}
