import { HankoAuthError, HankoUser, type HankoRequirements } from 'nestjs-hanko';
import { createService, TestClock } from './verifier.js';

/** When the users of these tests logged in, in seconds since 1970. */
export const LOGIN = 1_790_000_000;

export const userWith = (claims: object = {}): HankoUser =>
  new HankoUser({
    sub: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
    session_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
    iat: LOGIN,
    exp: LOGIN + 43_200,
    aud: ['localhost'],
    ...claims,
  });

const clock = new TestClock(LOGIN * 1000);
const { service } = await createService({
  now: clock.now,
  jwks: { getKey: () => undefined },
});

/** Claims of these tests are declared by nobody. */
export const requirements = (written: unknown): HankoRequirements => written as HankoRequirements;

/** `HankoAuthService.assertRequirements()` so many seconds after the login. */
export function check(user: HankoUser, written: unknown, ageSeconds = 0): void {
  clock.set((LOGIN + ageSeconds) * 1000);
  service.assertRequirements(user, requirements(written));
}

/** What `assertRequirements()` refuses with; null if it lets the user pass. Anything else that is thrown goes through. */
export function refusalOf(
  user: HankoUser,
  written: unknown,
  ageSeconds = 0,
): HankoAuthError | null {
  try {
    check(user, written, ageSeconds);
    return null;
  } catch (error) {
    if (error instanceof HankoAuthError) return error;
    throw error;
  }
}

/** The names of what is not met. */
export const unmetOf = (user: HankoUser, written: unknown, ageSeconds = 0): unknown => {
  const refusal = refusalOf(user, written, ageSeconds);
  return refusal === null ? null : (refusal.getResponse() as { unmet: unknown }).unmet;
};
