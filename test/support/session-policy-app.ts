import { applyDecorators, Controller, Get, Header } from '@nestjs/common';
import {
  CurrentUser,
  HankoModule,
  type HankoModuleOptions,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { FakeClock } from './app.js';
import { VALIDATE } from './session-spy.js';
import { sessionIdIn } from './claims-in.js';

export const MINUTE = { refreshSeconds: 60 };

/** A mark of the app's own, as it would write it once and use it everywhere. */
export const Sensitive = (): MethodDecorator =>
  applyDecorators(
    Header('Cache-Control', 'no-store'),
    RequireAuth({ session: 'online' }),
    RequireAuth(),
  );

@Controller()
export class NotesController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth()
  @Get('required')
  required(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'offline' })
  @Get('offline')
  offline(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: MINUTE })
  @Get('minute')
  minute(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: { ...MINUTE, keepAlive: false } })
  @Get('passive')
  passive(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sessionId') sessionId: string | null): string {
    return sessionId ?? 'nobody';
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: HankoUser | null): string {
    return user === null ? 'open' : 'known';
  }

  @Sensitive()
  @Get('composed')
  composed(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }
}

@RequireAuth({ session: 'online' })
@Controller('strict')
export class StrictController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth()
  @Get('required')
  required(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'offline' })
  @Get('offline')
  offline(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: MINUTE })
  @Get('minute')
  minute(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sessionId') sessionId: string | null): string {
    return sessionId ?? 'nobody';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'open';
  }
}

@RequireAuth({ session: 'offline' })
@Controller('lax')
export class LaxController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }
}

export let clock: FakeClock;
export let hanko: FakeHanko;
export let userId: string;
export let token: string;
export let sessionId: string;

/** What middleware and guards of the app found. */
export let found: unknown[];

/** How often Hanko was asked about sessions. */
export const asked = (): number => hanko.countRequests(VALIDATE);

export const methodsAsked = (): string[] =>
  hanko.requests.filter(({ path }) => path.endsWith(VALIDATE)).map(({ method }) => method);

export const hankoModule = (options: HankoModuleOptions = {}) =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now, ...options });

export const CONTROLLERS = [NotesController, StrictController, LaxController];

/** Registers what makes and ends all of this, in each file of tests. */
export function useFakeHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start({ now: () => clock.now() });
  });
  beforeEach(async () => {
    found = [];
    clock = new FakeClock();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
    sessionId = sessionIdIn(token);
    hanko.clearRequests();
  });
  afterEach(() => hanko.recover());
  afterAll(() => hanko.stop());
}

/** Who calls, from here on. */
export function useToken(other: string): void {
  token = other;
}
