// Compiled by `npm run types`, never run: what must compile, and what must not.
import { Injectable } from '@nestjs/common';
import { HankoModule, type HankoRevocation, type HankoRevoked } from 'nestjs-hanko';
import {
  type HankoEvent,
  type HankoEventGroup,
  type HankoEventName,
  type HankoEventPayloads,
  HankoWebhooksModule,
  type HankoWebhookSession,
  type HankoWebhookUser,
  OnHankoEvent,
} from 'nestjs-hanko/webhooks';
import { Keyv } from 'keyv';

/** True if two types are the same, in both directions. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

export const names: Record<string, true> = {
  ofOne: true satisfies Same<HankoEvent<'user.create'>['name'], 'user.create'>,
  ofOneWithOthersBelow: true satisfies Same<
    HankoEvent<'user.update.email'>['name'],
    'user.update.email.create' | 'user.update.email.primary' | 'user.update.email.delete'
  >,
  // It is a group, and sent itself.
  ofGroupThatIsSent: true satisfies 'user.update' extends HankoEvent<'user.update'>['name']
    ? true
    : false,
  ofGroup: true satisfies Same<
    HankoEvent<'session.delete'>['name'],
    | 'session.delete.explicit.logout'
    | 'session.delete.explicit.revoke'
    | 'session.delete.admin.revoke'
    | 'session.delete.passive.expire'
    | 'session.delete.passive.limit'
  >,
  ofAll: true satisfies Same<HankoEvent['name'], string>,
  ofUnknown: true satisfies Same<HankoEvent<'passkey.create'>['name'], string>,
  // A part of a name is no group: dots are the boundaries.
  ofPart: true satisfies Same<HankoEvent<'session.del'>['name'], string>,
  groups: true satisfies Same<
    HankoEventGroup,
    | 'user'
    | 'user.update'
    | 'user.update.email'
    | 'user.update.password'
    | 'user.update.username'
    | 'email'
    | 'session'
    | 'session.create'
    | 'session.delete'
    | 'session.delete.explicit'
    | 'session.delete.admin'
    | 'session.delete.passive'
  >,
};

export const data: Record<string, true> = {
  ofUser: true satisfies Same<HankoEvent<'user.create'>['data'], HankoWebhookUser>,
  ofUsers: true satisfies Same<HankoEvent<'user'>['data'], HankoWebhookUser>,
  ofSessions: true satisfies Same<HankoEvent<'session'>['data'], HankoWebhookSession>,
  ofAll: true satisfies Same<HankoEvent['data'], unknown>,
  ofUnknown: true satisfies Same<HankoEvent<'passkey.create'>['data'], unknown>,
};

export const each: { [Name in HankoEventName]: true } & Record<string, true> = {
  'user.create': true,
  'user.login': true,
  'user.update': true,
  'user.update.email.create': true,
  'user.update.email.primary': true,
  'user.update.email.delete': true,
  'user.update.password.update': true,
  'user.update.username.create': true,
  'user.update.username.update': true,
  'user.update.username.delete': true,
  'user.delete': true,
  'email.send': true,
  'session.create.flow': true,
  'session.create.admin': true,
  'session.delete.explicit.logout': true,
  'session.delete.explicit.revoke': true,
  'session.delete.admin.revoke': true,
  'session.delete.passive.expire': true,
  'session.delete.passive.limit': true,
};

@Injectable()
export class Handlers {
  @OnHankoEvent('user.create')
  created({ name, data: user, issuedAt }: HankoEvent<'user.create'>): string {
    const literal: 'user.create' = name;
    const at: Date = issuedAt;
    // @ts-expect-error: it may be missing
    void user.emails[0];
    // @ts-expect-error: no member of a user
    void user.expires_at;
    return literal + user.id + at.toISOString() + (user.emails?.[0]?.address ?? '');
  }

  @OnHankoEvent('email.send')
  async mailed(event: HankoEvent<'email.send'>): Promise<boolean> {
    const code: string | undefined = event.data.data.otp_code;
    return event.data.delivered_by_hanko && code !== undefined;
  }

  @OnHankoEvent('session.delete')
  ended(event: HankoEvent<'session.delete'>): string | null {
    if (event.name === 'session.delete.passive.expire') return event.data.expires_at;
    // @ts-expect-error: not below session.delete
    if (event.name === 'session.create.flow') return null;
    return event.data.user_id;
  }

  /** A handler may take more than it is given. */
  @OnHankoEvent('session.delete.admin')
  wider(event: HankoEvent<'session'>): string {
    return event.data.id;
  }

  @OnHankoEvent('user.delete')
  widest(event: HankoEvent): unknown {
    return event.data;
  }

  @OnHankoEvent('user.delete')
  none(): void {}

  @OnHankoEvent('user.update')
  @OnHankoEvent('user.delete')
  several(event: HankoEvent<'user.update'> | HankoEvent<'user.delete'>): string {
    return event.data.id;
  }

  @OnHankoEvent()
  all(event: HankoEvent): string {
    // @ts-expect-error: nobody knows its shape
    void event.data.id;
    return event.name;
  }

  @OnHankoEvent('passkey.create')
  unknown(event: HankoEvent<'passkey.create'>): string {
    // @ts-expect-error: an event of a later version
    void event.data.id;
    return event.name;
  }

  // @ts-expect-error: another event's payload
  @OnHankoEvent('user.create')
  wrongEvent(_event: HankoEvent<'session.create'>): void {}

  // @ts-expect-error: less than the group
  @OnHankoEvent('session.delete')
  narrower(_event: HankoEvent<'session.delete.admin.revoke'>): void {}

  // @ts-expect-error: the payload alone
  @OnHankoEvent('user.create')
  payload(_user: HankoWebhookUser): void {}

  // @ts-expect-error: every event is not one event
  @OnHankoEvent()
  tooNarrow(_event: HankoEvent<'user.create'>): void {}

  // @ts-expect-error: nobody gives a second one
  @OnHankoEvent('user.create')
  second(_event: HankoEvent<'user.create'>, _user: HankoWebhookUser): void {}

  // @ts-expect-error: no payload is known, so none may be demanded
  @OnHankoEvent('passkey.create')
  guessed(_event: { readonly data: HankoWebhookUser }): void {}

  // @ts-expect-error: a name is a text
  @OnHankoEvent(5)
  numbered(): void {}

  // @ts-expect-error: a list is not one name
  @OnHankoEvent(['user.create'])
  listed(): void {}

  // @ts-expect-error: methods only
  @OnHankoEvent('user.create')
  readonly property = (): void => undefined;
}

// @ts-expect-error: methods only
@OnHankoEvent('user.create')
export class Decorated {}

/** A group narrows by name. */
export function narrow(event: HankoEvent<'user'> | HankoEvent<'email'>): string {
  if (event.name === 'email.send') return event.data.to_email_address;
  // @ts-expect-error: of a mail
  void event.data.to_email_address;
  return event.data.id;
}

export function readOnly(event: HankoEvent<'user.create'>): void {
  // @ts-expect-error: events are read-only
  event.name = 'user.create';
  // @ts-expect-error: and what they carry
  event.data.id = 'x';
}

// @ts-expect-error: groups carry nothing themselves
export type NoGroup = HankoEventPayloads['session.delete'];

// @ts-expect-error: no such group
export const group: HankoEventGroup = 'user.create';

export const modules = [
  HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
  HankoWebhooksModule.forRoot({
    path: '/hooks',
    respond: 'beforeHandlers',
    revokeOnPasswordChange: true,
    handlerTimeoutMs: 1_000,
    maxBodyBytes: 2_048,
  }),
  HankoWebhooksModule.forRootAsync({ useFactory: () => ({ path: 'hooks' }) }),
  // @ts-expect-error: where?
  HankoWebhooksModule.forRoot({}),
  // @ts-expect-error: where?
  HankoWebhooksModule.forRoot(),
  // @ts-expect-error: no such moment
  HankoWebhooksModule.forRoot({ path: 'hooks', respond: 'never' }),
  // @ts-expect-error: a unit is part of the name
  HankoWebhooksModule.forRoot({ path: 'hooks', handlerTimeout: 5 }),
  // @ts-expect-error: where?
  HankoWebhooksModule.forRootAsync({ useFactory: () => ({}) }),
  HankoModule.forRoot({ revocation: { store: new Keyv() } }),
  HankoModule.forRoot({ revocation: { maxAgeSeconds: 0, onUnavailable: 'accept' } }),
  // @ts-expect-error: a Map is no store
  HankoModule.forRoot({ revocation: { store: new Map() } }),
  // @ts-expect-error: no such member
  HankoModule.forRoot({ revocation: { maxAge: 0 } }),
];

export async function revoke(revocation: HankoRevocation, until: Date): Promise<void> {
  await revocation.revoke('id');
  await revocation.revoke('id', until);
  await revocation.revokeUser('id', until);
  // @ts-expect-error: milliseconds are no Date
  await revocation.revoke('id', 5);
  // @ts-expect-error: whom?
  await revocation.revokeUser();
  revocation.revoked$.subscribe((revoked: HankoRevoked) => {
    if (revoked.kind === 'session') return revoked.sessionId;
    // @ts-expect-error: of a session
    void revoked.sessionId;
    return revoked.userId + revoked.issuedUpTo.toISOString();
  });
  // @ts-expect-error: it is told of, nobody tells by it
  revocation.revoked$.next({ kind: 'session', sessionId: 'id' });
}
