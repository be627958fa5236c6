import { HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll } from 'vitest';

export let hanko: FakeHanko;
export let userId: string;
export let token: string;

export const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });

/** To be called once in a file of tests. */
export function useServiceHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
  });
  afterEach(() => hanko.recover());
  afterAll(() => hanko.stop());
}
