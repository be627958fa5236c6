/** A user, as the Admin API shows it, **private metadata included**. Members that are empty are left out. */
export interface HankoWebhookUser {
  /** The `sub` claim of the user's tokens, a UUID. */
  readonly id: string;
  /** A time, RFC 3339 §5.6. */
  readonly created_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly updated_at: string;
  /** Of the request that caused the event, where there was one. */
  readonly ip_address?: string;
  /** Of the same request. */
  readonly user_agent?: string;
  /** All addresses. */
  readonly emails?: readonly {
    readonly id: string;
    readonly address: string;
    readonly is_verified: boolean;
    readonly is_primary: boolean;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Absent if there is none. */
  readonly username?: {
    readonly id: string;
    readonly username: string;
    readonly created_at: string;
    readonly updated_at: string;
  };
  /** Private metadata is for back ends only. */
  readonly metadata?: {
    readonly public_metadata?: unknown;
    readonly private_metadata?: unknown;
    readonly unsafe_metadata?: unknown;
  };
  /** From a third party, or the Admin API. */
  readonly name?: string;
  /** The same. */
  readonly given_name?: string;
  /** The same. */
  readonly family_name?: string;
  /** An address. */
  readonly picture?: string;
  /** When it was set, not what it is. */
  readonly password?: unknown;
  /** Accounts at third parties. */
  readonly identities?: readonly unknown[];
  /** An authenticator app, without its secret. */
  readonly otp?: unknown;
  /** Passkeys and security keys, public parts only. */
  readonly webauthn_credentials?: readonly unknown[];
}

/** A session. */
export interface HankoWebhookSession {
  /** The `session_id` claim of its token. */
  readonly id: string;
  /** The user's id, a UUID. */
  readonly user_id: string;
  /** Of the login; null if it is not known. */
  readonly user_agent: string | null;
  /** Of the login; null if it is not known. */
  readonly ip_address: string | null;
  /** A time, RFC 3339 §5.6. */
  readonly created_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly updated_at: string;
  /** When its token expires: a time, RFC 3339 §5.6. */
  readonly expires_at: string | null;
  /** A time, RFC 3339 §5.6. */
  readonly last_used: string;
}

/** A mail that was sent, or is yours to send. It may hold a passcode, which is a credential: never log it. */
export interface HankoWebhookEmail {
  /** The subject line. */
  readonly subject: string;
  /** The whole text. */
  readonly body_plain: string;
  /** The whole text as HTML. */
  readonly body?: string;
  /** The one recipient. */
  readonly to_email_address: string;
  /** Of the request, may be empty. */
  readonly language: string;
  /** Deprecated by Hanko. */
  readonly accept_language?: string;
  /** False: Hanko did not send it, you must. */
  readonly delivered_by_hanko: boolean;
  /** One of `login`, `recovery`, `email_verification`, `security_notification` and others. */
  readonly type: string;
  /** What the text is made from. */
  readonly data: {
    readonly service_name?: string;
    readonly otp_code?: string;
    /** Seconds. */
    readonly ttl?: number;
    /** Seconds since 1970. */
    readonly valid_until?: number;
    /** Of a security notification, as the addresses below. */
    readonly template?: string;
    readonly new_email_address?: string;
    readonly old_email_address?: string;
    readonly deleted_email_address?: string;
  };
}

/**
 * What the events of Hanko carry (contract: hanko backend/webhooks/events/events.go). Later versions may add
 * names: they arrive too, with `unknown` data.
 */
export interface HankoEventPayloads {
  /** A registration, an Admin `POST /users`, or a first third-party sign-in. */
  'user.create': HankoWebhookUser;
  /** A login; not after a registration, nor in a token exchange. */
  'user.login': HankoWebhookUser;
  /** A third-party sign-in claimed an address that was nobody's. */
  'user.update': HankoWebhookUser;
  /** An address was added; the whole user after it. */
  'user.update.email.create': HankoWebhookUser;
  /** Another address is the primary one now. */
  'user.update.email.primary': HankoWebhookUser;
  /** An address was removed. */
  'user.update.email.delete': HankoWebhookUser;
  /** The password was changed or recovered, by the user. Other sessions go on. */
  'user.update.password.update': HankoWebhookUser;
  /** A user name was added. */
  'user.update.username.create': HankoWebhookUser;
  /** The user name was changed. */
  'user.update.username.update': HankoWebhookUser;
  /** The user name was removed. */
  'user.update.username.delete': HankoWebhookUser;
  /** The user as it was before. Its sessions have ended without events of their own. */
  'user.delete': HankoWebhookUser;
  /** A mail was sent, or is yours to send. */
  'email.send': HankoWebhookEmail;
  /** A session began in a login or registration. In no release yet, as all session events. */
  'session.create.flow': HankoWebhookSession;
  /** An Admin `POST /sessions`. */
  'session.create.admin': HankoWebhookSession;
  /** The user logged out. */
  'session.delete.explicit.logout': HankoWebhookSession;
  /** The user ended it in the profile. */
  'session.delete.explicit.revoke': HankoWebhookSession;
  /** An Admin `DELETE` of the session. */
  'session.delete.admin.revoke': HankoWebhookSession;
  /** The idle timeout, noticed by a later request. */
  'session.delete.passive.expire': HankoWebhookSession;
  /** A newer session took its place: `session.limit`. */
  'session.delete.passive.limit': HankoWebhookSession;
}

/** Names of events that are sent. */
export type HankoEventName = keyof HankoEventPayloads;

/** `user.update` of `user.update.email.create`, and so on up. */
type GroupsOf<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? Head | (Rest extends `${string}.${string}` ? `${Head}.${GroupsOf<Rest>}` : never)
  : never;

/** Names of groups, such as `session.delete`. */
export type HankoEventGroup = GroupsOf<HankoEventName>;

/** The names that one subscription receives: it, and all below it. */
type NamesUnder<Subscription extends string> = {
  [Name in HankoEventName]: Name extends Subscription | `${Subscription}.${string}` ? Name : never;
}[HankoEventName];

interface NamedEvent<Name extends string, Data> {
  /** As signed. */
  readonly name: Name;
  /** What Hanko signed, in the shape that it documents; nothing but the signature was checked. */
  readonly data: Data;
  /** When it happened, by Hanko's clock, in whole seconds. */
  readonly issuedAt: Date;
}

/**
 * An event that Hanko signed.
 * @typeParam Subscription what was given to `@OnHankoEvent()`.
 */
export type HankoEvent<Subscription extends string = string> = string extends Subscription
  ? NamedEvent<string, unknown>
  : [NamesUnder<Subscription>] extends [never]
    ? NamedEvent<string, unknown>
    : {
        [Name in NamesUnder<Subscription>]: NamedEvent<Name, HankoEventPayloads[Name]>;
      }[NamesUnder<Subscription>];

/** Whether an event belongs to a subscription: the same name, or one below it. */
export const isUnder = (name: string, subscription: string): boolean =>
  subscription === '' || name === subscription || name.startsWith(`${subscription}.`);
