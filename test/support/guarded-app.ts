import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll } from 'vitest';

export let hanko: FakeHanko;
export let token: string;
export let userId: string;

export const hankoModule = (isGlobal = true) =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', isGlobal });

export const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

/** To be called once in a file of tests. */
export function useGuardedHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    const user = hanko.createUser({ email: 'ada@example.test' });
    userId = user.id;
    token = await hanko.token({ user });
  });
  afterAll(() => hanko.stop());
}
