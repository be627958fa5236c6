import { confirmAddress, mailPasscode } from './addresses.js';
import { type Action, knownUser, tellOfUser, tooOften, userOf, wrong } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem, INPUT_ERRORS } from './flow-errors.js';
import { textOf } from './flow-inputs.js';
import { continueWithIdentifier, identifierInputs, passcodeStep } from './identifiers.js';
import { factsOf, mfaCreationStates } from './onboarding.js';
import { afterFirstFactor } from './sign-in.js';
import { hashPassword, isPassword } from '../store/passwords.js';

const REQUIRED = { required: true } as const;
const CODE_INPUT = { type: 'string', ...REQUIRED } as const;

/** Signing in (hanko backend/flow_api/flow/credential_usage: one file per action, of the same name). */
export const SIGN_IN_ACTIONS = {
  back: {
    description: 'Navigate one step back.',
    isOffered: ({ flow }) => flow.isRevertible,
    run: () => ({ back: true }),
  },
  continue_to_passcode_confirmation: {
    description: 'Send a login passcode code via email.',
    isOffered: (context) => {
      const { email, privacy } = context.services.settings.config;
      const isUsable =
        (userOf(context)?.emails ?? []).length > 0 && email.enabled && email.use_for_authentication;
      return !privacy.only_show_actual_login_methods || isUsable;
    },
    run: (context) => passcodeStep(userOf(context) !== undefined),
  },
  continue_to_passcode_confirmation_recovery: {
    description: 'Send a recovery passcode code via email.',
    isOffered: ({ flow, services }) =>
      services.settings.config.password.recovery && flow.data.email !== undefined,
    run: (context) => ({
      next: ['passcode_confirmation'],
      learn: {
        loginMethod: 'password',
        isRecovering: true,
        mail: userOf(context) === undefined ? 'email_login_attempted' : 'recovery',
      },
    }),
  },
  continue_to_password_login: {
    description: 'Continue to the password login.',
    isOffered: (context) => {
      const { password, privacy } = context.services.settings.config;
      const isUsable = password.enabled && factsOf(context).hasPassword;
      return !privacy.only_show_actual_login_methods || isUsable;
    },
    run: () => ({ next: ['login_password'] }),
  },
  continue_with_login_identifier: {
    description: 'Enter an identifier to login.',
    inputs: identifierInputs,
    isOffered: (context) => {
      const { email, password } = context.services.settings.config;
      const canSignIn = password.enabled || email.use_for_authentication;
      return canSignIn && Object.keys(identifierInputs(context)).length > 0;
    },
    run: continueWithIdentifier,
  },
  password_login: {
    description: 'Login with a password.',
    inputs: { password: { type: 'password', ...REQUIRED } },
    isOffered: ({ services }) => services.settings.config.password.enabled,
    run: async (context, values) => {
      const { flow, services } = context;
      const { store, limits } = services;
      const wait = limits.take('password', flow.data.identifier ?? '');
      if (wait !== null) return tooOften({ retry_after: wait });
      const user = userOf(context);
      const hash = user && store.credentialsOf(user.id).passwordHash;
      if (hash === undefined || !(await isPassword(textOf(values, 'password'), hash))) {
        return wrong({ password: INPUT_ERRORS.invalid });
      }
      return afterFirstFactor(context, { loginMethod: 'password' });
    },
  },
  password_recovery: {
    description: 'Submit a new password.',
    inputs: ({ services }) => {
      const { min_length } = services.settings.config.password;
      return { new_password: { type: 'password', min_length, max_length: 72, ...REQUIRED } };
    },
    isOffered: ({ services }) => services.settings.config.password.enabled,
    run: (context, values) => {
      const user = knownUser(context);
      const passwordHash = hashPassword(textOf(values, 'new_password'));
      context.services.store.setCredentials(user.id, { passwordHash });
      tellOfUser(context, 'user.update.password.update', user);
      const learn = { isRecovering: false };
      return { next: mfaCreationStates(context, learn), learn, isFinal: true };
    },
  },
  register_client_capabilities: {
    description: 'Send the computers capabilities.',
    inputs: {
      webauthn_available: { type: 'boolean', ...REQUIRED, hidden: true },
      webauthn_conditional_mediation_available: { type: 'boolean', hidden: true },
      webauthn_platform_authenticator_available: { type: 'boolean', hidden: true },
    },
    run: (_context, values) => ({
      next: [],
      learn: {
        hasWebauthn: values.get('webauthn_available') === true,
        hasAutofill: values.get('webauthn_conditional_mediation_available') === true,
        hasPlatformAuthenticator: values.get('webauthn_platform_authenticator_available') === true,
      },
    }),
  },
  remember_me: {
    description: 'Enables the user to stay signed in.',
    inputs: { remember_me: { type: 'boolean', ...REQUIRED } },
    isOffered: ({ services }) => services.settings.config.session.cookie.retention === 'prompt',
    run: ({ flow }, values) => ({
      next: [flow.state],
      learn: { isRemembered: values.get('remember_me') === true },
    }),
  },
  resend_passcode: {
    description: 'Send the passcode email again.',
    run: (context) => {
      const { flow, services } = context;
      const wait = services.limits.take('passcode', flow.data.email ?? '');
      if (wait !== null) return tooOften({ resend_after: wait });
      mailPasscode(context);
      return { next: ['passcode_confirmation'] };
    },
  },
  verify_passcode: {
    description: 'Enter a passcode.',
    inputs: { code: CODE_INPUT },
    run: (context, values) => {
      const { flow, services } = context;
      const verdict = services.passcodes.check(flow.data.passcode, textOf(values, 'code'));
      if (verdict === 'wrong') return wrong({ code: INPUT_ERRORS.passcode });
      if (verdict === 'too often') return { error: FLOW_ERRORS.tooManyPasscodes };
      if (flow.data.userId === undefined && flow.ownerId === null) {
        throw new FlowProblem(FLOW_ERRORS.notPermitted);
      }
      const learn = { passcode: undefined, isEmailVerified: true };
      // Who registers is not there yet; one whom a third party has brought stays unverified, as with Hanko.
      if (flow.kind !== 'registration') confirmAddress(context, knownUser(context));
      if (flow.kind === 'login') return afterFirstFactor(context, learn);
      return { next: mfaCreationStates(context, learn), learn, isFinal: true };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;
