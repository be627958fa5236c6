import type { HankoConfig } from '../config/schema.js';
import { FLOW_ERRORS, type FlowError, FlowProblem, type InputError } from './flow-errors.js';
import type { Inputs, Values } from './flow-inputs.js';
import type { Flow, FlowData, StateName } from './flow.js';
import type { Mailer } from './mails.js';
import type { Passcodes } from './passcodes.js';
import type { RateLimits } from './rate-limits.js';
import type { ThirdParties } from './third-party/third-parties.js';
import type { TrustedDevices } from './trusted-devices.js';
import type { AuditLog, AuditOrigin } from '../store/audit-log.js';
import type { FakeSession, FakeUser } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import type { TokenFactory } from '../tokens/factory.js';
import type { UserEvent } from '../webhooks/event-names.js';

/** What actions and states work with. */
export interface FlowServices {
  readonly store: UsersAndSessions;
  readonly tokens: TokenFactory;
  readonly passcodes: Passcodes;
  readonly devices: TrustedDevices;
  readonly thirdParties: ThirdParties;
  readonly limits: RateLimits;
  readonly mailer: Mailer;
  readonly auditLog: AuditLog;
  readonly settings: FlowSettings;
}

export interface FlowSettings {
  /** All that Hanko's configuration says, options included. */
  readonly config: HankoConfig;
  readonly allowOrigins: 'loopback' | readonly string[];
  readonly now: () => number;
  readonly version: '3.0.4' | 'main';
  readonly tokenTransport: 'cookie' | 'header';
  readonly cookieName: string;
  readonly lifespanSeconds: number;
}

/** Who is asking. */
export interface Caller extends AuditOrigin {
  /** A living session; null if there is none. Only the profile looks at it. */
  readonly session: FakeSession | null;
  /** As in `X-Language`. */
  readonly language: string;
  readonly cookie: (name: string) => string | undefined;
  /** Address of the public API, as it was called. */
  readonly base: string;
}

export interface FlowContext {
  readonly flow: Flow;
  /** What is wrong, and ends nothing: the answer says so. */
  readonly warnings: FlowError[];
  readonly caller: Caller;
  readonly services: FlowServices;
}

/** One thing to do in a state. */
export interface Action {
  readonly description: string | ((context: FlowContext) => string);
  /** Default: none. */
  readonly inputs?: Inputs | ((context: FlowContext) => Inputs);
  /** Default: always. */
  readonly isOffered?: (context: FlowContext) => boolean;
  /** Called with values that passed the checks of `inputs`. */
  readonly run: (context: FlowContext, values: Values) => Outcome | Promise<Outcome>;
}

/** What an action comes to. */
export type Outcome =
  /** On to these states, then to those that were scheduled; `isFinal` where no way leads back. */
  | {
      readonly next: readonly StateName[];
      readonly learn?: FlowData;
      readonly isFinal?: true;
      /** What comes with the state besides what is its own. */
      readonly arrival?: Arrival;
    }
  | { readonly back: true }
  /** The state stays, and says what was wrong. */
  | Refusal;

export interface Refusal {
  readonly error: FlowError;
  readonly inputErrors?: Readonly<Record<string, InputError>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What comes with a state when it is reached. */
export interface Arrival {
  readonly error?: FlowError;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly headers?: Headers;
}

/** Header fields of a reply. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Whose profile it is, or who is about to sign in; undefined if there is no such user. */
export function userOf({ flow, services }: FlowContext): FakeUser | undefined {
  return services.store.user(flow.ownerId ?? flow.data.userId ?? '');
}

/** Tells of a user, with who it was that did it. */
export function tellOfUser(
  { caller, services }: FlowContext,
  event: UserEvent,
  user: FakeUser,
): void {
  const { userAgent: user_agent, ipAddress: ip_address } = caller;
  services.store.tell(event, { ...user, ip_address, user_agent });
}

/** @throws FlowProblem if there is no such user, or no longer. */
export function knownUser(context: FlowContext): FakeUser {
  const user = userOf(context);
  if (user === undefined) throw new FlowProblem(FLOW_ERRORS.notPermitted);
  return user;
}

/** Values that are well-formed and not good. */
export const wrong = (inputErrors: Readonly<Record<string, InputError>>): Refusal => ({
  error: FLOW_ERRORS.formData,
  inputErrors,
});

/** @param payload the seconds to wait. */
export const tooOften = (payload: Readonly<Record<string, number>>): Refusal => ({
  error: FLOW_ERRORS.rateLimit,
  payload,
});
