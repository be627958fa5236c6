import {
  type Action,
  type FlowContext,
  knownUser,
  type Outcome,
  tellOfUser,
  userOf,
  wrong,
} from './flow-context.js';
import { INPUT_ERRORS } from './flow-errors.js';
import { type Inputs, textOf } from './flow-inputs.js';
import type { StateName } from './flow.js';
import { factsOf, mfaCreationStates, wishesOf } from './onboarding.js';
import { setUsername, usernameInput } from './usernames.js';

/** What a sign-in offers on the way (hanko …/credential_onboarding, …/user_details, …/device_trust). */
export const ONBOARDING_ACTIONS = {
  continue_to_passkey_registration: {
    description: 'Register a WebAuthn credential',
    run: () => ({ next: ['onboarding_create_passkey'] }),
  },
  continue_to_password_registration: {
    description: 'Register a password credential',
    run: () => ({ next: ['password_creation'] }),
  },
  email_address_set: {
    description: 'Set a new email address.',
    inputs: emailInputs,
    run: (context, values) => {
      const { store, settings } = context.services;
      const email = textOf(values, 'email');
      const isKnown = store.userByEmail(email) !== undefined;
      if (settings.config.email.require_verification) {
        const mail = isKnown ? 'email_registration_attempted' : 'email_verification';
        return { next: ['passcode_confirmation'], learn: { email, mail, isEmailNew: true } };
      }
      if (isKnown) return wrong({ email: INPUT_ERRORS.emailExists });
      const changed = store.addEmail(knownUser(context), email, false);
      tellOfUser(context, 'user.update.email.create', changed);
      return { next: [], learn: { email }, isFinal: true };
    },
  },
  skip: {
    description: 'Skip',
    isOffered: (context) => SKIPS[context.flow.state]?.isOffered?.(context) ?? true,
    run: (context) => SKIPS[context.flow.state]?.run?.(context) ?? { next: [] },
  },
  trust_device: {
    description: 'Trust this device, to skip MFA on subsequent logins.',
    run: () => ({ next: [], learn: { isDeviceTrusted: true }, isFinal: true }),
  },
  username_create: {
    description: ({ flow }) =>
      flow.kind === 'profile' ? 'Create a new username.' : 'Set a new username.',
    inputs: (context) => ({
      username: {
        ...usernameInput(context),
        required: isUsernameNeeded(context),
        ...(context.flow.kind === 'profile' && { isKept: true }),
      },
    }),
    isOffered: (context) => context.flow.kind !== 'profile' || !hasUsername(context),
    run: (context, values) => setUsername(context, textOf(values, 'username')),
  },
} as const satisfies Readonly<Record<string, Action>>;

function emailInputs({ services }: FlowContext): Inputs {
  const { optional, max_length } = services.settings.config.email;
  return {
    email: {
      type: 'string',
      max_length,
      required: !optional,
      isName: true,
      isKept: true,
    },
  };
}

const isUsernameNeeded = ({ flow, services }: FlowContext): boolean =>
  flow.kind === 'profile' || !services.settings.config.username.optional;

const hasUsername = (context: FlowContext): boolean => {
  const { enabled } = context.services.settings.config.username;
  return !enabled || userOf(context)?.username !== undefined;
};

/** What skipping needs, and where it leads to, by the state that is skipped. Default: anybody may, to the next one. */
const SKIPS: Readonly<
  Partial<
    Record<
      StateName,
      {
        readonly isOffered?: (context: FlowContext) => boolean;
        readonly run?: (context: FlowContext) => Outcome;
      }
    >
  >
> = {
  credential_onboarding_chooser: {
    isOffered: (context) => {
      const { email, passkey, password } = context.services.settings.config;
      const canSignIn = email.use_for_authentication && context.flow.data.email !== undefined;
      const isNeeded = context.flow.kind === 'registration' && !canSignIn;
      return !isNeeded && (password.optional || passkey.optional);
    },
    run: (context) => ({ next: mfaCreationStates(context), isFinal: true }),
  },
  mfa_method_chooser: { isOffered: ({ services }) => services.settings.config.mfa.optional },
  onboarding_create_passkey: {
    isOffered: (context) =>
      context.services.settings.config.passkey.optional &&
      canDoWithout(context, 'password', 'password_creation', factsOf(context).hasPassword),
    run: (context) =>
      wishesOf(context).password === 'conditional' && !factsOf(context).hasPassword
        ? { next: ['password_creation'] }
        : { next: mfaCreationStates(context) },
  },
  onboarding_email: { isOffered: ({ services }) => services.settings.config.email.optional },
  onboarding_username: { isOffered: ({ services }) => services.settings.config.username.optional },
  password_creation: {
    isOffered: (context) =>
      context.services.settings.config.password.optional &&
      canDoWithout(context, 'passkey', 'onboarding_create_passkey', hasWebauthn(context)),
    run: (context) =>
      wishesOf(context).passkey === 'conditional' &&
      !hasWebauthn(context) &&
      context.flow.data.hasWebauthn === true
        ? { next: ['onboarding_create_passkey'] }
        : { next: mfaCreationStates(context) },
  },
};

const hasWebauthn = (context: FlowContext): boolean => {
  const { hasPasskey, hasSecurityKey } = factsOf(context);
  return hasPasskey || hasSecurityKey;
};

/**
 * Whether the user can sign in without what is skipped: by the other credential, or by a code.
 * (hanko …/credential_onboarding/action_skip_passkey.go, action_skip_password.go).
 */
function canDoWithout(
  context: FlowContext,
  other: 'passkey' | 'password',
  otherState: StateName,
  hasOther: boolean,
): boolean {
  const { flow, services } = context;
  const { email, [other]: settings } = services.settings.config;
  const canSignInByCode =
    flow.data.email !== undefined &&
    email.enabled &&
    email.use_for_authentication &&
    email.use_as_login_identifier;
  const { previous } = flow;
  if (previous === 'credential_onboarding_chooser') return false;
  if (previous === otherState) return hasOther || canSignInByCode;
  const isFirst = previous === 'passcode_confirmation' || previous === 'registration_init';
  const isOtherUnwanted = settings.enabled && wishesOf(context)[other] === 'never';
  return !isFirst || !isOtherUnwanted || canSignInByCode;
}
