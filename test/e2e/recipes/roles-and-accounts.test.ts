import {
  applyDecorators,
  Controller,
  Get,
  Injectable,
  type PipeTransform,
  UseGuards,
} from '@nestjs/common';
import { CurrentUser, HankoAuthGuard, HankoModule, HankoUser, RequireAuth } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Platform, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

// What README's recipes promise.

declare module 'nestjs-hanko' {
  interface HankoClaims {
    readonly staffRole?: 'admin' | 'editor' | '';
  }
}

const AdminOnly = (): ClassDecorator & MethodDecorator =>
  applyDecorators(UseGuards(HankoAuthGuard), RequireAuth({ claims: { staffRole: 'admin' } }));

@AdminOnly()
@Controller('admin')
class AdminController {
  @Get()
  secret(): string {
    return 'in';
  }
}

interface Account {
  readonly id: number;
  readonly hankoId: string;
}

/** A table with a unique column, whose statements take their time. */
@Injectable()
class AccountTable {
  readonly rows: Account[] = [];
  inserts = 0;

  async find(hankoId: string): Promise<Account | undefined> {
    await new Promise(setImmediate);
    return this.rows.find((row) => row.hankoId === hankoId);
  }

  async insertOrIgnore(hankoId: string): Promise<void> {
    await new Promise(setImmediate);
    this.inserts += 1;
    if (this.rows.some((row) => row.hankoId === hankoId)) return;
    this.rows.push({ id: this.rows.length + 1, hankoId });
  }
}

@Injectable()
class Accounts {
  constructor(private readonly table: AccountTable) {}

  async of({ id }: HankoUser): Promise<Account> {
    return (await this.table.find(id)) ?? (await this.create(id));
  }

  private async create(hankoId: string): Promise<Account> {
    await this.table.insertOrIgnore(hankoId);
    return (await this.table.find(hankoId)) as Account;
  }
}

@Injectable()
class AccountPipe implements PipeTransform<HankoUser, Promise<Account>> {
  constructor(private readonly accounts: Accounts) {}

  transform(user: HankoUser): Promise<Account> {
    return this.accounts.of(user);
  }
}

@UseGuards(HankoAuthGuard)
@Controller('orders')
class OrdersController {
  @Get()
  list(@CurrentUser(AccountPipe) account: Account): Account {
    return account;
  }
}

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const start = (platform: Platform): Promise<RunningApp> =>
  startApp(platform, {
    imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
    controllers: [AdminController, OrdersController],
    providers: [AccountTable, Accounts],
  });

describe.each(PLATFORMS)('%s', (platform) => {
  it('a decorator for a role lets in those whose token has it, and closes the route by itself', async () => {
    await using app = await start(platform);
    const statusFor = async (claims: Record<string, unknown>): Promise<number> =>
      (await app.get('/admin', bearer(await hanko.token({ claims })))).status;
    expect(await statusFor({ staffRole: 'admin' })).toBe(200);
    // What Hanko's template makes of users without one: empty text, or no claim at all.
    expect(await statusFor({ staffRole: '' })).toBe(403);
    expect(await statusFor({})).toBe(403);
    expect(await statusFor({ staffRole: ['admin'] })).toBe(403);
    expect((await app.get('/admin')).status).toBe(401);
  });

  it('a pipe makes one row of a user, however many first requests come at a time', async () => {
    await using app = await start(platform);
    const user = hanko.createUser({ email: `ada-${platform}@example.test` });
    const token = await hanko.token({ user });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => app.get('/orders', bearer(token))),
    );
    expect(answers.map(({ body }) => body)).toEqual(
      answers.map(() => ({ id: 1, hankoId: user.id })),
    );
    const table = app.app.get(AccountTable);
    expect(table.rows).toHaveLength(1);
    expect(table.inserts).toBeGreaterThan(1); // they did race
    // The next login is the same user, whatever became of the address.
    const later = await app.get('/orders', bearer(await hanko.token({ user })));
    expect(later.body).toEqual({ id: 1, hankoId: user.id });
  });
});
