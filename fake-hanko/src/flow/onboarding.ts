import { type FlowContext, userOf } from './flow-context.js';
import { FLOW_ERRORS } from './flow-errors.js';
import type { FlowData, StateName } from './flow.js';
import type { Credentials } from '../store/records.js';

type States = readonly StateName[];
type Wish = 'always' | 'conditional' | 'never';

/** What the user has, with what this flow has brought so far. */
export interface Facts {
  readonly hasEmail: boolean;
  readonly hasUsername: boolean;
  readonly hasPassword: boolean;
  readonly hasPasskey: boolean;
  readonly hasSecurityKey: boolean;
  readonly hasTotp: boolean;
}

/** @param learn what the flow is about to learn. */
export function factsOf(context: FlowContext, learn: FlowData = {}): Facts {
  const data = { ...context.flow.data, ...learn };
  const user = userOf(context);
  const credentials: Credentials =
    user === undefined ? {} : context.services.store.credentialsOf(user.id);
  const keys = [...(credentials.webauthn ?? []), ...(data.newKeys ?? [])];
  return {
    hasEmail: data.email !== undefined || (user?.emails ?? []).length > 0,
    hasUsername: (data.username ?? user?.username) !== undefined,
    hasPassword: (credentials.passwordHash ?? data.newPasswordHash) !== undefined,
    hasPasskey: keys.some((key) => !key.mfa_only),
    hasSecurityKey: keys.some((key) => key.mfa_only),
    hasTotp: (credentials.totp ?? data.totp) !== undefined,
  };
}

/** What follows an address or a name that is free (hanko …/registration/action_register_login_identifier.go). */
export function statesOfRegistration(context: FlowContext, learn: FlowData): States {
  const { email } = context.services.settings.config;
  const states: States = [
    ...(learn.email !== undefined && email.require_verification
      ? (['passcode_confirmation'] as const)
      : []),
    ...credentialStates(context, {
      ...factsOf(context, learn),
      hasPassword: false,
      hasPasskey: false,
    }),
  ];
  return [...(states.length > 0 ? states : mfaCreationStates(context, learn)), 'success'];
}

/** What comes between the first factor and the session (hanko …/login/hook_schedule_onboarding_states.go). */
export function statesOfLogin(
  context: FlowContext,
  learn: FlowData,
  isDeviceTrusted: boolean,
): States {
  const data = { ...context.flow.data, ...learn };
  const { email, username, mfa } = context.services.settings.config;
  const facts = factsOf(context, learn);
  const second = isDeviceTrusted ? [] : secondFactorStates(context, data, facts);
  const asksForTrust =
    mfa.enabled &&
    mfa.device_trust_policy === 'prompt' &&
    (facts.hasTotp || facts.hasSecurityKey) &&
    hasSecondFactor(data) &&
    !isDeviceTrusted;
  const states: readonly (readonly [boolean, States])[] = [
    [true, second],
    [data.isRecovering === true, ['login_password_recovery']],
    [!facts.hasUsername && username.enabled && username.acquire_on_login, ['onboarding_username']],
    [!facts.hasEmail && email.enabled && email.acquire_on_login, ['onboarding_email']],
    [true, credentialStates(context, facts, data.isRecovering)],
    [asksForTrust, ['device_trust']],
    [true, ['success']],
  ];
  return states.flatMap(([isDue, some]) => (isDue ? some : []));
}

/** A passkey is two factors in one, and a provider has its own. */
const hasSecondFactor = ({ loginMethod }: FlowData): boolean =>
  loginMethod === 'password' || loginMethod === 'passcode';

/** The flow ends in an error if only a security key would do, and this device has none of its kind. */
function secondFactorStates(context: FlowContext, data: FlowData, facts: Facts): States {
  const { mfa } = context.services.settings.config;
  if (!mfa.enabled || !hasSecondFactor(data)) return [];
  const canUseTotp = mfa.totp.enabled && facts.hasTotp;
  if (!mfa.security_keys.enabled || !facts.hasSecurityKey) return canUseTotp ? ['login_otp'] : [];
  if (canUseSecurityKey(context)) return ['login_security_key'];
  if (canUseTotp) return ['login_otp'];
  context.warnings.push(FLOW_ERRORS.noAuthenticator);
  return ['error'];
}

/**
 * A second factor to set up, once and after the password (hanko …/shared/hook_schedule_mfa_creation_states.go).
 * Where one is needed and the device has none, the answer says so, and the sign-in goes on as if it had been skipped.
 */
export function mfaCreationStates(context: FlowContext, learn: FlowData = {}): States {
  const { flow, services } = context;
  const data = { ...flow.data, ...learn };
  const { email, mfa, password } = services.settings.config;
  const facts = factsOf(context, learn);
  const isLater = flow.isScheduled('password_creation') || data.isRecovering === true;
  if (isLater || flow.hasVisited('mfa_method_chooser')) return [];
  const canSignIn =
    (password.enabled && facts.hasPassword) ||
    (email.enabled && email.use_for_authentication && facts.hasEmail);
  const isWished =
    mfa.enabled &&
    (mfa.security_keys.enabled || mfa.totp.enabled) &&
    ((flow.kind === 'login' && mfa.acquire_on_login) ||
      (flow.kind === 'registration' && mfa.acquire_on_registration));
  if (facts.hasTotp || facts.hasSecurityKey || !canSignIn || !isWished) return [];
  if (mfa.totp.enabled || canUseSecurityKey(context)) return ['mfa_method_chooser'];
  if (!mfa.optional) context.warnings.push(FLOW_ERRORS.noAuthenticator);
  return [];
}

/** Whether this device has the kind of authenticator that security keys must be. */
export const canUseSecurityKey = ({ flow, services }: FlowContext): boolean =>
  flow.data.hasPlatformAuthenticator === true ||
  services.settings.config.mfa.security_keys.authenticator_attachment !== 'platform';

/** Whether passkeys and passwords are wished for in this flow. */
export function wishesOf({ flow, services }: FlowContext): {
  readonly passkey: Wish;
  readonly password: Wish;
} {
  const { passkey, password } = services.settings.config;
  const when = flow.kind === 'login' ? 'acquire_on_login' : 'acquire_on_registration';
  return {
    passkey: passkey.enabled ? passkey[when] : 'never',
    password: password.enabled ? password[when] : 'never',
  };
}

function credentialStates(context: FlowContext, facts: Facts, isRecovering = false): States {
  const { passkey, password } = context.services.settings.config;
  const wishes = wishesOf(context);
  const canHavePasskey = context.flow.data.hasWebauthn === true;
  const passkeyWish = canHavePasskey ? wishes.passkey : 'never';
  const passwordWish = isRecovering ? 'never' : wishes.password;
  const hasPasskey = facts.hasPasskey && canHavePasskey && passkey.enabled;
  const hasPassword = facts.hasPassword && password.enabled;
  const hasNone = !hasPasskey && !hasPassword;
  if (passkeyWish === 'conditional' && passwordWish === 'conditional') {
    return hasNone ? ['credential_onboarding_chooser'] : [];
  }
  // One that is wished for conditionally gives way to one that always is.
  const isDue = (wish: Wish, other: Wish, has: boolean): boolean =>
    wish === 'always' ? !has : wish === 'conditional' && other === 'never' && hasNone;
  const passkeyStates: States = isDue(passkeyWish, passwordWish, hasPasskey)
    ? ['onboarding_create_passkey']
    : [];
  const passwordStates: States = isDue(passwordWish, passkeyWish, hasPassword)
    ? ['password_creation']
    : [];
  return !password.optional && passkey.optional
    ? [...passwordStates, ...passkeyStates]
    : [...passkeyStates, ...passwordStates];
}
