import { ACCOUNT_ACTIONS } from './account-actions.js';
import { mailPasscode } from './addresses.js';
import { SIGN_IN_ACTIONS } from './flow-actions.js';
import { type Action, type Arrival, type FlowContext, userOf } from './flow-context.js';
import { FLOW_ERRORS } from './flow-errors.js';
import type { StateName } from './flow.js';
import { MFA_ACTIONS } from './mfa-actions.js';
import { ONBOARDING_ACTIONS } from './onboarding-actions.js';
import { keyUri, qrCodeImage } from './qr-code.js';
import { PROFILE_ACTIONS } from './profile-actions.js';
import { REGISTRATION_ACTIONS } from './registration-actions.js';
import { startSession } from './sign-in.js';
import { THIRD_PARTY_ACTIONS } from './third-party/third-party-actions.js';
import { SECURITY_KEY_ACTIONS, WEBAUTHN_ACTIONS } from './webauthn-actions.js';
import { VERIFICATION_ACTIONS, WEBAUTHN_PROFILE_ACTIONS } from './webauthn-profile-actions.js';
import { shownSession, shownUser } from '../store/dto.js';
import { primaryEmail } from '../store/records.js';
import { newTotpSecret } from '../store/totp.js';
import { beginLogin } from '../webauthn/ceremony.js';

/** Every action there is, but for those that are a state's own. */
const ACTIONS = {
  ...SIGN_IN_ACTIONS,
  ...WEBAUTHN_ACTIONS,
  ...WEBAUTHN_PROFILE_ACTIONS,
  ...REGISTRATION_ACTIONS,
  ...ONBOARDING_ACTIONS,
  ...MFA_ACTIONS,
  ...PROFILE_ACTIONS,
  ...ACCOUNT_ACTIONS,
  ...THIRD_PARTY_ACTIONS,
};

export type ActionName = keyof typeof ACTIONS;

export interface State {
  /** In the order in which answers list them, which is that of their names. */
  readonly actions: readonly ActionName[];
  /** Those that are something else here than elsewhere. Default: none. */
  readonly own?: Readonly<Partial<Record<ActionName, Action>>>;
  /** Default: none. */
  readonly payload?: (context: FlowContext) => Readonly<Record<string, unknown>>;
  /** What happens on the way in. Default: nothing. */
  readonly arrive?: (context: FlowContext) => Arrival | Promise<Arrival>;
}

/** Every state there is, and what can be done in it (hanko backend/flow_api/flow/flows.go). */
export const STATES: Readonly<Record<StateName, State>> = {
  preflight: { actions: ['register_client_capabilities'] },
  login_init: {
    actions: [
      'continue_with_login_identifier',
      'remember_me',
      'thirdparty_oauth',
      'webauthn_generate_request_options',
      'webauthn_verify_assertion_response',
    ],
    payload: ({ flow }) => (flow.data.autofill ? { request_options: flow.data.autofill } : {}),
    arrive: offerAutofill,
  },
  login_method_chooser: {
    actions: [
      'back',
      'continue_to_passcode_confirmation',
      'continue_to_password_login',
      'webauthn_generate_request_options',
    ],
  },
  login_passkey: { actions: ['back', 'webauthn_verify_assertion_response'] },
  login_password: {
    actions: ['back', 'continue_to_passcode_confirmation_recovery', 'password_login'],
  },
  login_password_recovery: { actions: ['password_recovery'] },
  login_otp: { actions: ['continue_to_login_security_key', 'otp_code_validate'] },
  login_security_key: {
    actions: ['continue_to_login_otp', 'webauthn_generate_request_options'],
    own: SECURITY_KEY_ACTIONS,
  },
  registration_init: { actions: ['register_login_identifier', 'remember_me', 'thirdparty_oauth'] },
  passcode_confirmation: {
    actions: ['back', 'resend_passcode', 'verify_passcode'],
    arrive: arriveAtPasscode,
  },
  password_creation: { actions: ['back', 'register_password', 'skip'] },
  mfa_method_chooser: {
    actions: [
      'back',
      'continue_to_otp_secret_creation',
      'continue_to_security_key_creation',
      'skip',
    ],
  },
  mfa_otp_secret_creation: {
    actions: ['back', 'otp_code_verify'],
    payload: totpPayload,
    arrive: ({ flow }) => {
      flow.learn({ totpSecret: flow.data.totpSecret ?? newTotpSecret() });
      return {};
    },
  },
  mfa_security_key_creation: {
    actions: ['back', 'webauthn_generate_creation_options'],
    own: SECURITY_KEY_ACTIONS,
  },
  credential_onboarding_chooser: {
    actions: [
      'back',
      'continue_to_passkey_registration',
      'continue_to_password_registration',
      'skip',
    ],
  },
  onboarding_create_passkey: {
    actions: ['back', 'skip', 'webauthn_generate_creation_options'],
  },
  onboarding_verify_passkey_attestation: {
    actions: ['back', 'webauthn_verify_attestation_response'],
  },
  onboarding_email: { actions: ['email_address_set', 'skip'] },
  onboarding_username: { actions: ['skip', 'username_create'] },
  device_trust: { actions: ['back', 'skip', 'trust_device'] },
  thirdparty: { actions: ['back', 'exchange_token'] },
  profile_init: {
    actions: [
      'account_delete',
      'connect_thirdparty_oauth_provider',
      'continue_to_otp_secret_creation',
      'disconnect_thirdparty_oauth_provider',
      'email_create',
      'email_delete',
      'email_set_primary',
      'email_verify',
      'otp_secret_delete',
      'password_create',
      'password_delete',
      'password_update',
      'patch_metadata',
      'security_key_create',
      'security_key_delete',
      'session_delete',
      'username_create',
      'username_delete',
      'username_update',
      'webauthn_credential_create',
      'webauthn_credential_delete',
      'webauthn_credential_rename',
    ],
    payload: profilePayload,
  },
  webauthn_credential_verification: {
    actions: ['back', 'webauthn_verify_attestation_response'],
    own: VERIFICATION_ACTIONS,
  },
  account_deleted: { actions: [] },
  error: { actions: [] },
  success: { actions: [], arrive: startSession },
};

/** The action if the state offers it to this user now. */
export function offered(context: FlowContext, name: string): Action | undefined {
  const { actions, own = {} } = STATES[context.flow.state];
  const known = actions.find((action) => action === name);
  const action: Action | undefined = known && (own[known] ?? ACTIONS[known]);
  return action?.isOffered?.(context) === false ? undefined : action;
}

/** The browser offers the passkeys that it has, beside the field of the address. */
function offerAutofill({ flow, services }: FlowContext): Arrival {
  const { settings } = services;
  const { hasWebauthn, hasAutofill } = flow.data;
  if (!hasWebauthn || !hasAutofill || !settings.config.passkey.enabled) return {};
  const { ceremony, options } = beginLogin(settings, null, false);
  flow.learn({ ceremony, autofill: options });
  return {};
}

/** A code is sent unless one that is good has been; looking at the page counts as an attempt. */
function arriveAtPasscode(context: FlowContext): Arrival {
  const { flow, services } = context;
  const { email = '', passcode } = flow.data;
  const wait = services.limits.take('passcode', email);
  if (wait !== null) return { error: FLOW_ERRORS.rateLimit, payload: { resend_after: wait } };
  const isSent = services.passcodes.isUsable(passcode) && passcode?.address === email;
  if (!isSent) mailPasscode(context);
  return {};
}

function totpPayload(context: FlowContext): Readonly<Record<string, unknown>> {
  const { totpSecret = '', email } = context.flow.data;
  const { service } = context.services.settings.config;
  const user = userOf(context);
  const account = email ?? (user && (primaryEmail(user)?.address ?? user.username?.username));
  return {
    otp_image_source: qrCodeImage(keyUri(service.name, account ?? '', totpSecret)),
    otp_secret: totpSecret,
  };
}

function profilePayload(context: FlowContext): Readonly<Record<string, unknown>> {
  const { caller, services } = context;
  const user = userOf(context);
  if (user === undefined) return {};
  const { store, settings } = services;
  const sessions = store.sessionsOf(user.id).toReversed();
  return {
    ...(settings.config.session.show_on_profile && {
      sessions: sessions.map((session) => shownSession(session, session.id === caller.session?.id)),
    }),
    user: shownUser(store, user, settings.config),
  };
}
