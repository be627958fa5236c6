import type { HankoUser } from 'nestjs-hanko';
import type { FakeHanko } from 'fake-hanko';

// Where the package's types cannot be found everything is `any`, which the settings of Nest 11
// accept in silence. Then the lines below compile, and the unused directives are the error.
export function typesAreFound(user: HankoUser, hanko: FakeHanko): number[] {
  return [
    // @ts-expect-error id is a string
    user.id,
    // @ts-expect-error url is a string
    hanko.url,
  ];
}
