// What a page does about 401 `step_up_required`: asks for a new login, repeats the call, and does not
// loop. Of no framework, and of nothing that a browser has: yours to copy.

/** A demand of the route that the present login does not meet, in nestjs-hanko's words. */
export type Unmet = { readonly requirement: string; readonly needed?: unknown };

/** How it went, when somebody was asked to sign in again. */
export type NewLogin = 'done' | 'cancelled' | 'maybe somebody else';

/**
 * Makes a call. Where the API demands a stronger or more recent login it has the user sign in again,
 * says why, and then repeats the call.
 *
 * Each demand is asked for once. On a device that it trusts Hanko skips the second factor, and somebody
 * without one is never asked for it: the new login is then no better than the old, and the answer comes
 * again. Who asks again on each such answer never ends. Here the second one is handed back, with
 * an `advice` that explains it.
 *
 * @param call with the newest session; it must be safe to send twice, for an API that refuses has done nothing
 * @param signInAgain shows a login form beside the text
 */
export async function callWithStepUp<Answer extends { body: unknown }>(
  call: () => Promise<Answer>,
  signInAgain: (why: string) => Promise<NewLogin>,
): Promise<Answer & { advice?: string }> {
  const asked = new Set<string>();
  for (;;) {
    const answer = await call();
    const unmet = unmetByLogin(answer.body);
    if (unmet.length === 0) return answer;
    const inVain = unmet.filter(({ requirement }) => asked.has(requirement));
    if (inVain.length > 0) return { ...answer, advice: whyInVain(inVain) };
    for (const { requirement } of unmet) asked.add(requirement);
    const why = whyAsked(unmet);
    const login = await signInAgain(why);
    if (login === 'cancelled') return { ...answer, advice: `${why} You did not sign in again.` };
    // What one user began must not be done in the name of another.
    if (login === 'maybe somebody else') return { ...answer, body: null, advice: OTHER_USER };
  }
}

/** The advice that holds whoever is signed in now. The answer of the former user is not with it. */
export const OTHER_USER =
  'You have signed in, but maybe not as who you were. Nothing was repeated: please try again.';

/**
 * What a new login may bring. Empty for every other answer: 403 `requirement_not_met` is for good. GraphQL
 * answers with the same body, once for each field that is refused.
 */
export function unmetByLogin(body: unknown): readonly Unmet[] {
  const { code, unmet, errors } = Object(body) as Record<'code' | 'unmet' | 'errors', unknown>;
  if (Array.isArray(errors)) {
    return errors.flatMap((error) => unmetByLogin(error?.extensions?.originalError));
  }
  return code === 'step_up_required' && Array.isArray(unmet) ? (unmet as Unmet[]) : [];
}

/** @returns such as "This needs a login within the last 5 minutes and a second factor or a passkey." */
export const whyAsked = (unmet: readonly Unmet[]): string =>
  `This needs ${allOnce(unmet, wordsFor).join(' and ')}.`;

/** Fields that are refused together mostly want the same. */
const allOnce = (unmet: readonly Unmet[], words: (unmet: Unmet) => string) => [
  ...new Set(unmet.map(words)),
];

function wordsFor({ requirement, needed }: Unmet): string {
  if (requirement === 'maxAgeSeconds') return `a login within the last ${duration(Number(needed))}`;
  if (requirement === 'mfa') return 'a second factor or a passkey';
  if (requirement === 'amr') return `a login by ${methods(needed)}`;
  return 'another login'; // a requirement that is newer than this page
}

const whyInVain = (unmet: readonly Unmet[]): string => allOnce(unmet, explain).join(' ');

function explain({ requirement, needed }: Unmet): string {
  if (requirement === 'mfa') {
    return (
      'You have signed in again, and still without a second factor: you have none, or this browser is ' +
      'a trusted one, where you are not asked for it. Set up an authenticator app in your profile, or ' +
      'sign in with a passkey or in a private window. Then try again.'
    );
  }
  if (requirement === 'amr') {
    return `You have signed in again, but not by ${methods(needed)}. Try again, and choose that.`;
  }
  if (requirement === 'maxAgeSeconds') {
    // A cookie that the browser dropped, or clocks that differ: nothing that the user can mend.
    return 'You have signed in again, and the API does not know of it. Please tell us.';
  }
  return 'You have signed in again, and it was not enough.';
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Never rounded: `minute`, `5 minutes`, `90 seconds`. */
function duration(seconds: number): string {
  const fits = UNITS.find(([, length]) => seconds >= length && seconds % length === 0);
  const [unit, length] = fits ?? ['second', 1];
  return seconds === length ? unit : `${seconds / length} ${unit}s`;
}

const METHODS: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'a code by mail',
  passkey: 'passkey',
  totp: 'authenticator app',
  security_key: 'security key',
  ext: 'another provider',
};

/** @param needed `{ anyOf: […] }` or `{ allOf: […] }`, in Hanko's words. */
function methods(needed: unknown): string {
  const { anyOf = [], allOf = [] } = Object(needed) as Record<string, string[] | undefined>;
  const name = (method: string) => METHODS[method] ?? method.replace(/^ext:/, '');
  return allOf.length > 0 ? allOf.map(name).join(' and ') : anyOf.map(name).join(' or ');
}
