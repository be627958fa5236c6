import { HankoUser } from 'nestjs-hanko';
import { expect, it } from 'vitest';

it('a user without an email has no such property', () => {
  const user = new HankoUser({
    sub: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
    session_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
    iat: 1_790_000_000,
    exp: 1_790_043_200,
  });

  expect(['email' in user, 'username' in user]).toEqual([false, false]);
});
