import { randomInt, randomUUID } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import type { Passcode } from './passcodes.js';
import type { TotpCredential, WebauthnCredential } from '../store/records.js';
import type { BegunCeremony, Ceremony } from '../webauthn/ceremony.js';

/** What a flow is for; also its path. */
export type FlowKind = 'login' | 'registration' | 'profile';

export type StateName =
  | 'preflight'
  | 'login_init'
  | 'login_method_chooser'
  | 'login_password'
  | 'login_password_recovery'
  | 'login_otp'
  | 'login_passkey'
  | 'login_security_key'
  | 'thirdparty'
  | 'registration_init'
  | 'passcode_confirmation'
  | 'password_creation'
  | 'mfa_method_chooser'
  | 'mfa_otp_secret_creation'
  | 'mfa_security_key_creation'
  | 'credential_onboarding_chooser'
  | 'onboarding_create_passkey'
  | 'onboarding_email'
  | 'onboarding_username'
  | 'onboarding_verify_passkey_attestation'
  | 'device_trust'
  | 'profile_init'
  | 'webauthn_credential_verification'
  | 'account_deleted'
  | 'success'
  | 'error';

/** What has been learned on the way; `back` unlearns it. */
export interface FlowData {
  readonly hasWebauthn?: boolean;
  /** Whether the browser can offer passkeys beside the field of the address. */
  readonly hasAutofill?: boolean;
  readonly hasPlatformAuthenticator?: boolean;
  readonly email?: string;
  readonly username?: string;
  /** What was entered to sign in with. */
  readonly identifier?: string;
  /** Id of the user who signs in, or of the one to be created. */
  readonly userId?: string;
  /** What is mailed to the address. */
  readonly mail?: PasscodeMail;
  readonly passcode?: Passcode | undefined;
  readonly loginMethod?: 'passcode' | 'passkey' | 'password' | 'third_party';
  readonly mfaMethod?: 'security_key' | 'totp';
  /** A provider's id. */
  readonly thirdParty?: string;
  /** The tick at "remember me". */
  readonly isRemembered?: boolean;
  /** A new password is due, after a code. */
  readonly isRecovering?: boolean;
  /** What comes after the first factor has been scheduled. */
  readonly isOnboarding?: boolean;
  /** The address is not the user's yet. */
  readonly isEmailNew?: boolean;
  readonly isEmailVerified?: boolean;
  readonly isDeviceTrusted?: boolean;
  readonly newPasswordHash?: string;
  readonly totpSecret?: string | undefined;
  readonly totp?: TotpCredential;
  /** What an authenticator has been asked. */
  readonly ceremony?: Ceremony | undefined;
  /** What the browser offers beside the field of the address; `login_init` shows it. */
  readonly autofill?: BegunCeremony['options'];
  /** Passkeys and security keys that are made while registering. */
  readonly newKeys?: readonly WebauthnCredential[];
}

/** The `_attempted` ones have no code: that an address is known, or is not, only its owner learns. */
export type PasscodeMail =
  | 'login'
  | 'email_verification'
  | 'recovery'
  | 'email_login_attempted'
  | 'email_registration_attempted';

interface Step {
  readonly state: StateName;
  readonly previous: StateName | null;
  readonly isRevertible: boolean;
  readonly scheduled: readonly StateName[];
  readonly data: FlowData;
}

const LIFE_MS = 24 * 3600 * 1000;
const MAX_FLOWS = 1000;
const TOKEN_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Where somebody is in signing in, up or on the profile (hanko backend/flowpilot). */
export class Flow {
  readonly id = randomUUID();
  csrfToken = newCsrfToken();
  state: StateName = 'preflight';
  data: FlowData = {};
  /** The state before this one. */
  previous: StateName | null = null;
  private history: readonly Step[] = [];

  constructor(
    readonly kind: FlowKind,
    /** Whose profile it is; nobody else goes on with it. */
    readonly ownerId: string | null,
    private readonly expiresAt: number,
    private scheduled: readonly StateName[],
  ) {}

  isExpired(now: number): boolean {
    return now > this.expiresAt;
  }

  learn(data: FlowData): void {
    this.data = { ...this.data, ...data };
  }

  get isRevertible(): boolean {
    return this.history.at(-1)?.isRevertible ?? false;
  }

  /** Whether a state is still to come. */
  isScheduled(state: StateName): boolean {
    return this.scheduled.includes(state);
  }

  /** Whether a state has been left, unless `back` led to before it. */
  hasVisited(state: StateName): boolean {
    return this.history.some((step) => step.state === state);
  }

  /** To the first of these states, the others before those that were scheduled already. */
  goOn(before: FlowData, next: readonly StateName[], isRevertible: boolean): void {
    const { state: left, previous, scheduled: later } = this;
    const [state = left, ...scheduled] = [...next, ...later];
    if (state !== left) {
      const step = { state: left, previous, isRevertible, scheduled: later, data: before };
      this.history = [...this.history, step];
    }
    this.previous = left;
    this.state = state;
    this.scheduled = scheduled;
  }

  /** @returns what makes it as it is now. */
  save(): () => void {
    const { csrfToken, state, previous, data, history, scheduled } = this;
    return () => Object.assign(this, { csrfToken, state, previous, data, history, scheduled });
  }

  goBack(): void {
    const step = this.history.at(-1);
    if (step === undefined) return;
    this.history = this.history.slice(0, -1);
    this.state = step.state;
    this.previous = step.previous;
    this.scheduled = step.scheduled;
    // A code that has been mailed is still good.
    this.data = { ...step.data, passcode: this.data.passcode };
  }
}

/** The flows under way: the oldest are forgotten beyond a thousand. */
export class Flows {
  private readonly flows = new BoundedMap<string, Flow>(MAX_FLOWS);

  constructor(private readonly now: () => number) {}

  start(kind: FlowKind, ownerId: string | null): Flow {
    const flow = new Flow(kind, ownerId, this.now() + LIFE_MS, [FIRST_STATE[kind]]);
    this.flows.set(flow.id, flow);
    return flow;
  }

  find(id: string): Flow | undefined {
    return this.flows.get(id.toLowerCase());
  }
}

const FIRST_STATE = {
  login: 'login_init',
  registration: 'registration_init',
  profile: 'profile_init',
} as const;

/** New in every answer. */
export function newCsrfToken(): string {
  let token = '';
  while (token.length < 32) token += TOKEN_LETTERS.charAt(randomInt(TOKEN_LETTERS.length));
  return token;
}
