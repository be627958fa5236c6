import { randomInt, randomUUID } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import type { Passcode } from './passcodes.js';
import type { TotpCredential } from '../store/records.js';

/** What a flow is for; also its path. */
export type FlowKind = 'login' | 'registration' | 'profile';

export type StateName =
  | 'preflight'
  | 'login_init'
  | 'login_method_chooser'
  | 'login_password'
  | 'login_otp'
  | 'registration_init'
  | 'passcode_confirmation'
  | 'password_creation'
  | 'mfa_method_chooser'
  | 'mfa_otp_secret_creation'
  | 'onboarding_create_passkey'
  | 'device_trust'
  | 'profile_init'
  | 'success';

/** What has been learned on the way; `back` unlearns it. */
export interface FlowData {
  readonly hasWebauthn?: boolean;
  readonly email?: string;
  /** Id of the user who signs in, or of the one to be created. */
  readonly userId?: string;
  /** What is mailed to the address. */
  readonly mail?: PasscodeMail;
  readonly passcode?: Passcode | undefined;
  readonly loginMethod?: 'password' | 'passcode';
  readonly mfaMethod?: 'totp';
  readonly newPasswordHash?: string;
  readonly totpSecret?: string | undefined;
  readonly totp?: TotpCredential;
}

/** The `_attempted` ones have no code: that an address is known, or is not, only its owner learns. */
export type PasscodeMail =
  'login' | 'email_verification' | 'email_login_attempted' | 'email_registration_attempted';

interface Step {
  readonly state: StateName;
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
    return this.history.length > 0;
  }

  /** To the first of these states, the others before those that were scheduled already. */
  goOn(before: FlowData, next: readonly StateName[], isRevertible: boolean): void {
    const step = { state: this.state, scheduled: this.scheduled, data: before };
    const [state = this.state, ...scheduled] = [...next, ...this.scheduled];
    if (!isRevertible) this.history = [];
    else if (state !== this.state) this.history = [...this.history, step];
    this.state = state;
    this.scheduled = scheduled;
  }

  /** @returns what makes it as it is now. */
  save(): () => void {
    const { csrfToken, state, data, history, scheduled } = this;
    return () => Object.assign(this, { csrfToken, state, data, history, scheduled });
  }

  goBack(): void {
    const step = this.history.at(-1);
    if (step === undefined) return;
    this.history = this.history.slice(0, -1);
    this.state = step.state;
    this.scheduled = step.scheduled;
    this.data = step.data;
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
