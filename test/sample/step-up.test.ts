import { HankoRequirementError, HankoStepUpError, type HankoUnmetRequirement } from 'nestjs-hanko';
import { describe, expect, test } from 'vitest';
import { callWithStepUp, type NewLogin, whyAsked } from '../../sample/shared/step-up.js';

const OLD: HankoUnmetRequirement = { requirement: 'maxAgeSeconds', needed: 300, actual: 4711 };
const NO_MFA: HankoUnmetRequirement = { requirement: 'mfa', needed: true, actual: ['pwd'] };

interface Answer {
  readonly body: unknown;
}

const OK: Answer = { body: { fine: true } };

/** As the API words it: what the page must understand. */
const refusal = (...unmet: HankoUnmetRequirement[]): Answer => ({
  body: new HankoStepUpError(unmet, new Date(0), 'reason').getResponse(),
});

/** An API that gives these answers, one after another, to somebody who goes through these logins. */
async function call(answers: readonly Answer[], logins: readonly NewLogin[] = ['done', 'done']) {
  const asked: string[] = [];
  const left = [...answers];
  const answer = await callWithStepUp(
    () => Promise.resolve(left.shift() ?? Promise.reject(new Error('one call too many'))),
    (why) => {
      asked.push(why);
      return Promise.resolve(logins[asked.length - 1] ?? 'cancelled');
    },
  );
  return { answer, asked, calls: answers.length - left.length };
}

describe('callWithStepUp', () => {
  test('leaves other answers alone', async () => {
    const forbidden = {
      body: new HankoRequirementError(
        [{ requirement: 'claims', claim: 'role' }],
        'reason',
      ).getResponse(),
    };
    for (const other of [OK, forbidden, { body: null }, { body: 'text' }, { body: undefined }]) {
      expect(await call([other])).toEqual({ answer: other, asked: [], calls: 1 });
    }
  });

  test('asks for a new login, says why, and repeats the call', async () => {
    const { answer, asked } = await call([refusal(OLD), OK]);
    expect(answer).toBe(OK);
    expect(asked).toEqual(['This needs a login within the last 5 minutes.']);
  });

  test('finds it in the errors of GraphQL, and says once what several fields want', async () => {
    const refused = (...unmet: HankoUnmetRequirement[]) => ({
      message: 'refused',
      extensions: { originalError: refusal(...unmet).body },
    });
    const others = [null, {}, { extensions: { originalError: { code: 'token_expired' } } }];
    const answer = { body: { data: {}, errors: [refused(NO_MFA), ...others, refused(NO_MFA)] } };
    expect((await call([answer, OK])).asked).toEqual(['This needs a second factor or a passkey.']);
    const [advice, ...more] =
      (await call([answer, answer])).answer.advice?.split('You have ') ?? [];
    expect([advice, more.length]).toEqual(['', 1]);
    expect(await call([{ body: { data: {}, errors: others } }])).toMatchObject({ calls: 1 });
  });

  test('explains the second identical answer and does not ask again', async () => {
    const { answer, asked, calls } = await call([refusal(NO_MFA), refusal(NO_MFA), OK]);
    expect(asked).toEqual(['This needs a second factor or a passkey.']);
    expect(calls).toBe(2);
    expect(answer.body).toEqual(refusal(NO_MFA).body);
    expect(answer.advice).toMatch(/still without a second factor.*trusted.*authenticator app/);
  });

  test('explains what is left when the new login brought a part', async () => {
    const { answer, asked } = await call([refusal(NO_MFA, OLD), refusal(NO_MFA)]);
    expect(asked).toEqual([
      'This needs a second factor or a passkey and a login within the last 5 minutes.',
    ]);
    expect(answer.advice).toMatch(/still without a second factor/);
    expect(answer.advice).not.toMatch(/does not know of it/);
  });

  test('asks for what the new login has lost, once', async () => {
    // On a trusted device: the old login had a second factor, the new one has none.
    const { asked, calls } = await call([refusal(OLD), refusal(NO_MFA), refusal(NO_MFA)]);
    expect(asked).toHaveLength(2);
    expect(calls).toBe(3);
  });

  test('does not repeat the call when the user would rather not sign in', async () => {
    const { answer, calls } = await call([refusal(OLD), OK], ['cancelled']);
    expect(calls).toBe(1);
    expect(answer.advice).toBe(
      'This needs a login within the last 5 minutes. You did not sign in again.',
    );
  });

  test('does not repeat the call in the name of somebody else', async () => {
    const { answer, calls } = await call([refusal(OLD), OK], ['maybe somebody else']);
    expect(calls).toBe(1);
    expect(answer.advice).toMatch(/maybe not as who you were/);
  });

  test('asks anew at the next call: a second factor may have been set up meanwhile', async () => {
    await call([refusal(NO_MFA), refusal(NO_MFA)]);
    expect((await call([refusal(NO_MFA), OK])).answer).toBe(OK);
  });
});

describe('the words for what is missing', () => {
  test.each([
    [1, 'second'],
    [90, '90 seconds'],
    [60, 'minute'],
    [300, '5 minutes'],
    [3600, 'hour'],
    [5400, '90 minutes'],
    [172_800, '2 days'],
  ])('%i seconds are: %s', (needed, words) => {
    expect(whyAsked([{ requirement: 'maxAgeSeconds', needed }])).toBe(
      `This needs a login within the last ${words}.`,
    );
  });

  test.each([
    [{ anyOf: ['passkey'] }, 'passkey'],
    [{ anyOf: ['passkey', 'ext:google'] }, 'passkey or google'],
    [{ allOf: ['pwd', 'totp'] }, 'password and authenticator app'],
    [
      { anyOf: ['otp', 'security_key', 'ext'] },
      'a code by mail or security key or another provider',
    ],
  ])('methods %j are: %s', async (needed, words) => {
    const unmet = { requirement: 'amr', needed, actual: ['pwd'] } as const;
    const { answer, asked } = await call([refusal(unmet), refusal(unmet)]);
    expect(asked).toEqual([`This needs a login by ${words}.`]);
    expect(answer.advice).toContain(`not by ${words}.`);
  });

  test('a requirement that is newer than the page is one, too', async () => {
    const unmet = [{ requirement: 'hardware' }];
    expect(whyAsked(unmet)).toBe('This needs another login.');
    const body = { code: 'step_up_required', unmet };
    expect((await call([{ body }, { body }])).answer.advice).toMatch(/it was not enough/);
  });
});
