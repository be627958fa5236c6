/** What a hook can name, groups too, on every version since 1.4 (hanko backend/webhooks/events/events.go). */
const EVENTS = [
  'user',
  'user.create',
  'user.login',
  'user.update',
  'user.update.email',
  'user.update.email.create',
  'user.update.email.primary',
  'user.update.email.delete',
  'user.update.password.update',
  'user.update.username',
  'user.update.username.create',
  'user.update.username.update',
  'user.update.username.delete',
  'user.delete',
  'email.send',
] as const;

/** What it can name on servers after v3.0.4 only. */
const SESSION_EVENTS = [
  'session',
  'session.create',
  'session.create.flow',
  'session.create.admin',
  'session.delete',
  'session.delete.explicit',
  'session.delete.explicit.logout',
  'session.delete.explicit.revoke',
  'session.delete.admin',
  'session.delete.admin.revoke',
  'session.delete.passive',
  'session.delete.passive.expire',
  'session.delete.passive.limit',
] as const;

type EventName = (typeof EVENTS | typeof SESSION_EVENTS)[number];

/** What can become of a user. */
export type UserEvent = Extract<EventName, `user.${string}`>;

/** How a session starts. */
export type SessionStart = Extract<EventName, `session.create.${string}`>;

/** How a session ends, where somebody is told. */
export type SessionEnd = Extract<EventName, `session.delete.${string}.${string}`>;

/** Tells the receivers of webhooks. */
export type Tell = (event: EventName, data: unknown) => void;

/** The names that a hook may list. */
export const eventNames = (sessionEvents: 'on' | 'off'): readonly string[] =>
  sessionEvents === 'on' ? [...EVENTS, ...SESSION_EVENTS] : EVENTS;
