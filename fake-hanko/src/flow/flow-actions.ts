import { randomUUID } from 'node:crypto';
import { confirmAddress, mailPasscode } from './addresses.js';
import { type Action, tooOften, userOf, wrong } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem, INPUT_ERRORS } from './flow-errors.js';
import { afterFirstFactor } from './sign-in.js';
import { hashPassword, isPassword } from '../store/passwords.js';
import { checkTotp } from '../store/totp.js';

const REQUIRED = { required: true } as const;
const CODE_INPUT = { type: 'string', ...REQUIRED } as const;

/** Signing in and up (hanko backend/flow_api/flow: one file per action, of the same name). */
export const SIGN_IN_ACTIONS = {
  back: {
    description: 'Navigate one step back.',
    isOffered: ({ flow }) => flow.isRevertible,
    run: () => ({ back: true }),
  },
  continue_to_otp_secret_creation: {
    description: 'Create an OTP secret',
    isOffered: ({ flow, services }) =>
      flow.ownerId === null || services.store.credentialsOf(flow.ownerId).totp === undefined,
    run: ({ flow }) => ({
      next: [
        'mfa_otp_secret_creation',
        ...(flow.kind === 'profile' ? (['profile_init'] as const) : []),
      ],
      // A new one for each attempt.
      learn: { totpSecret: undefined },
    }),
  },
  continue_to_passcode_confirmation: {
    description: 'Send a login passcode code via email.',
    run: (context) => ({
      next: ['passcode_confirmation'],
      learn: {
        loginMethod: 'passcode',
        mail: userOf(context) === undefined ? 'email_login_attempted' : 'login',
      },
    }),
  },
  continue_to_password_login: {
    description: 'Continue to the password login.',
    run: () => ({ next: ['login_password'] }),
  },
  continue_with_login_identifier: {
    description: 'Enter an identifier to login.',
    inputs: { email: { type: 'email', min_length: 3, max_length: 120, ...REQUIRED } },
    run: ({ services }, values) => {
      const email = String(values.get('email'));
      const user = services.store.userByEmail(email);
      // Known or not, the answer is the same.
      const learn = { email, ...(user && { userId: user.id }) };
      return { next: ['login_method_chooser'], learn };
    },
  },
  otp_code_validate: {
    description: 'Validates the provided code.',
    inputs: { otp_code: CODE_INPUT },
    run: (context, values) => {
      const { limits, store, settings } = context.services;
      const user = userOf(context);
      const totp = user && store.credentialsOf(user.id).totp;
      if (user === undefined || totp === undefined) throw new FlowProblem(FLOW_ERRORS.technical);
      const wait = limits.take('totp', user.id);
      if (wait !== null) return tooOften({ retry_after: wait });
      const step = checkTotp(String(values.get('otp_code')), totp, settings.now());
      if (step === 'invalid') return wrong({ otp_code: INPUT_ERRORS.otpCode });
      if (step === 'already used') return wrong({ otp_code: INPUT_ERRORS.otpCodeUsed });
      store.setCredentials(user.id, { totp: { ...totp, lastStep: step } });
      return { next: [], learn: { mfaMethod: 'totp' }, isFinal: true };
    },
  },
  otp_code_verify: {
    description: 'Verify an OTP code',
    inputs: { otp_code: CODE_INPUT },
    run: (context, values) => {
      const { flow, caller, services } = context;
      const secret = flow.data.totpSecret ?? '';
      const code = String(values.get('otp_code'));
      const step = checkTotp(code, { secret, lastStep: null }, services.settings.now());
      if (typeof step === 'string') return wrong({ otp_code: INPUT_ERRORS.passcode });
      // The code that set it up is used up.
      const totp = { secret, lastStep: step };
      const user = flow.ownerId === null ? undefined : userOf(context);
      if (user !== undefined) {
        services.store.setCredentials(user.id, { totp });
        services.mailer.notification('mfa_create', user, caller.language);
      }
      return { next: [], learn: { totp }, isFinal: true };
    },
  },
  password_login: {
    description: 'Login with a password.',
    inputs: { password: { type: 'password', ...REQUIRED } },
    run: async (context, values) => {
      const { flow, services } = context;
      const { store, limits } = services;
      const wait = limits.take('password', flow.data.email ?? '');
      if (wait !== null) return tooOften({ retry_after: wait });
      const user = userOf(context);
      const hash = user && store.credentialsOf(user.id).passwordHash;
      if (hash === undefined || !(await isPassword(String(values.get('password')), hash))) {
        return wrong({ password: INPUT_ERRORS.invalid });
      }
      return afterFirstFactor(context, { loginMethod: 'password' });
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
      learn: { hasWebauthn: values.get('webauthn_available') === true },
    }),
  },
  register_login_identifier: {
    description: 'Enter an identifier to register.',
    inputs: { email: { type: 'email', max_length: 120, ...REQUIRED } },
    run: ({ flow, services }, values) => {
      const email = String(values.get('email'));
      if (services.store.userByEmail(email) !== undefined) {
        // It looks as if all were well; no code is right.
        const learn = { email, mail: 'email_registration_attempted' } as const;
        return { next: ['passcode_confirmation'], learn };
      }
      const isOffered = services.settings.onboarding === 'offered' && flow.data.hasWebauthn;
      return {
        next: [
          'passcode_confirmation',
          'password_creation',
          ...(isOffered === true ? (['onboarding_create_passkey'] as const) : []),
          'success',
        ],
        learn: { email, userId: randomUUID(), mail: 'email_verification' },
      };
    },
  },
  register_password: {
    description: 'Submit a new password.',
    inputs: { new_password: { type: 'password', min_length: 8, ...REQUIRED } },
    run: ({ services }, values) => {
      const password = String(values.get('new_password'));
      // As bytes it is long enough: perhaps not as letters. And bcrypt takes no more than 72.
      if (Array.from(password).length < 8) return wrong({ new_password: INPUT_ERRORS.invalid });
      if (Buffer.byteLength(password) > 72) return wrong({ new_password: INPUT_ERRORS.tooLong });
      return {
        next: services.settings.onboarding === 'offered' ? ['mfa_method_chooser'] : [],
        learn: { newPasswordHash: hashPassword(password) },
        isFinal: true,
      };
    },
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
  skip: { description: 'Skip', run: () => ({ next: [] }) },
  verify_passcode: {
    description: 'Enter a passcode.',
    inputs: { code: CODE_INPUT },
    run: (context, values) => {
      const { flow, services } = context;
      const verdict = services.passcodes.check(flow.data.passcode, String(values.get('code')));
      if (verdict === 'wrong') return wrong({ code: INPUT_ERRORS.passcode });
      if (verdict === 'too often') return { error: FLOW_ERRORS.tooManyPasscodes };
      const learn = { passcode: undefined };
      if (flow.kind === 'registration') return { next: [], learn, isFinal: true };
      const user = userOf(context);
      if (user === undefined) throw new FlowProblem(FLOW_ERRORS.notPermitted);
      confirmAddress(context, user);
      return flow.kind === 'login'
        ? afterFirstFactor(context, learn)
        : { next: [], learn, isFinal: true };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;
