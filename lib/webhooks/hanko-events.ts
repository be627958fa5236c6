/** A user, as the Admin API shows it, **private metadata included**. Empty members are omitted. */
export interface HankoWebhookUser {
  /** The `sub` claim of the user's tokens, a UUID. */
  readonly id: string;
  /** When the user was created, RFC 3339 §5.6. */
  readonly created_at: string;
  /** When the user was last changed, RFC 3339 §5.6. */
  readonly updated_at: string;
  /** The IP address of the request that caused the event, where there was one. */
  readonly ip_address?: string;
  /** The `User-Agent` of the request that caused the event, where there was one. */
  readonly user_agent?: string;
  /** All email addresses of the user. */
  readonly emails?: readonly {
    readonly id: string;
    readonly address: string;
    readonly is_verified: boolean;
    readonly is_primary: boolean;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** The user name; absent if the user has none. */
  readonly username?: {
    readonly id: string;
    readonly username: string;
    readonly created_at: string;
    readonly updated_at: string;
  };
  /** Metadata that your back end or the user has set. Never send `private_metadata` to a browser. */
  readonly metadata?: {
    readonly public_metadata?: unknown;
    readonly private_metadata?: unknown;
    readonly unsafe_metadata?: unknown;
  };
  /** Full name, from a third-party provider or the Admin API. */
  readonly name?: string;
  /** Given name, from a third-party provider or the Admin API. */
  readonly given_name?: string;
  /** Family name, from a third-party provider or the Admin API. */
  readonly family_name?: string;
  /** The URL of a picture, from a third-party provider or the Admin API. */
  readonly picture?: string;
  /** When the password was set and changed; never the password or its hash. */
  readonly password?: unknown;
  /** Accounts at third-party providers that are linked to the user. */
  readonly identities?: readonly unknown[];
  /** The authenticator app of the user, without its secret. */
  readonly otp?: unknown;
  /** Passkeys and security keys of the user, with their public parts only. */
  readonly webauthn_credentials?: readonly unknown[];
}

/** A session as Hanko stores it. */
export interface HankoWebhookSession {
  /** The `session_id` claim of its token. */
  readonly id: string;
  /** The id of the session's user, a UUID. */
  readonly user_id: string;
  /** The `User-Agent` of the login; null if Hanko does not know it. */
  readonly user_agent: string | null;
  /** The IP address of the login; null if Hanko does not know it. */
  readonly ip_address: string | null;
  /** When the session began, RFC 3339 §5.6. */
  readonly created_at: string;
  /** When the session was last changed, RFC 3339 §5.6. */
  readonly updated_at: string;
  /** When the session's token expires, RFC 3339 §5.6; null if Hanko does not know. */
  readonly expires_at: string | null;
  /** When the session was last used, RFC 3339 §5.6. */
  readonly last_used: string;
}

/** A mail that was sent, or is yours to send. It may hold a passcode, which is a credential: never log it. */
export interface HankoWebhookEmail {
  /** The subject line of the mail. */
  readonly subject: string;
  /** The whole text of the mail. */
  readonly body_plain: string;
  /** The whole text of the mail as HTML. */
  readonly body?: string;
  /** The address of the one recipient. */
  readonly to_email_address: string;
  /** The language that the request asked for; may be empty. */
  readonly language: string;
  /** The language of the request, deprecated by Hanko: use `language`. */
  readonly accept_language?: string;
  /** Whether Hanko has sent the mail. If not, sending it is up to you. */
  readonly delivered_by_hanko: boolean;
  /** One of `login`, `recovery`, `email_verification`, `security_notification` and others. */
  readonly type: string;
  /** The values that the text of the mail is made from. */
  readonly data: {
    readonly service_name?: string;
    readonly otp_code?: string;
    /** How long the passcode is valid, in seconds. */
    readonly ttl?: number;
    /** Until when the passcode is valid, in seconds since 1970. */
    readonly valid_until?: number;
    /** Which security notification it is; the addresses below belong to it. */
    readonly template?: string;
    readonly new_email_address?: string;
    readonly old_email_address?: string;
    readonly deleted_email_address?: string;
  };
}

/**
 * The data of each event of Hanko (hanko backend/webhooks/events/events.go). Later versions may add
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

/** The name of an event that Hanko sends. */
export type HankoEventName = keyof HankoEventPayloads;

/** `user.update` of `user.update.email.create`, and so on up. */
type GroupsOf<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? Head | (Rest extends `${string}.${string}` ? `${Head}.${GroupsOf<Rest>}` : never)
  : never;

/** The name of a group of events, such as `session.delete`. */
export type HankoEventGroup = GroupsOf<HankoEventName>;

/** The names that one subscription receives: it, and all below it. */
type NamesUnder<Subscription extends string> = {
  [Name in HankoEventName]: Name extends Subscription | `${Subscription}.${string}` ? Name : never;
}[HankoEventName];

interface NamedEvent<Name extends string, Data> {
  /** The name of the event, as Hanko signed it. */
  readonly name: Name;
  /** The tenant whose keys signed it. Absent in an app without tenants. */
  readonly tenantId?: string;
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
