import { type Action, tooOften, userOf, wrong } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem, INPUT_ERRORS } from './flow-errors.js';
import { textOf, type Values } from './flow-inputs.js';
import { checkTotp } from '../store/totp.js';

const CODE_LENGTH = 6;
const CODE_INPUT = { type: 'string', required: true } as const;

/** Authenticator apps (hanko …/mfa_creation, …/mfa_usage). */
export const MFA_ACTIONS = {
  continue_to_otp_secret_creation: {
    description: 'Create an OTP secret',
    isOffered: ({ flow, services }) =>
      services.settings.config.mfa.totp.enabled &&
      (flow.ownerId === null || services.store.credentialsOf(flow.ownerId).totp === undefined),
    run: ({ flow }) => ({
      next: [
        'mfa_otp_secret_creation',
        ...(flow.kind === 'profile' ? (['profile_init'] as const) : []),
      ],
      // A new one for each attempt.
      learn: { totpSecret: undefined },
    }),
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
      // v3.0.4 takes a code as often as it is shown, and has no word of its own for a wrong one.
      const isMain = settings.version === 'main';
      const lastStep = isMain ? totp.lastStep : null;
      const code = codeOf(values, settings.version);
      const step = checkTotp(code, { ...totp, lastStep }, settings.now());
      if (step === 'already used') return wrong({ otp_code: INPUT_ERRORS.otpCodeUsed });
      if (step === 'invalid') {
        return wrong({ otp_code: isMain ? INPUT_ERRORS.otpCode : INPUT_ERRORS.passcode });
      }
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
      const code = codeOf(values, services.settings.version);
      const step = checkTotp(code, { secret, lastStep: null }, services.settings.now());
      if (typeof step === 'string') return wrong({ otp_code: INPUT_ERRORS.passcode });
      // The code that set it up is used up.
      const totp = { secret, lastStep: step };
      // Who registers is not there yet.
      const user = flow.kind === 'registration' ? undefined : userOf(context);
      if (user !== undefined) services.store.setCredentials(user.id, { totp });
      if (user !== undefined && flow.kind === 'profile') {
        services.mailer.notification('mfa_create', user, caller.language);
      }
      return { next: [], learn: { totp }, isFinal: true };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;

/** @throws FlowProblem for what is no six letters: v3.0.4 takes that for a wrong code. */
function codeOf(values: Values, version: '3.0.4' | 'main'): string {
  const code = textOf(values, 'otp_code').trim();
  if (version === 'main' && code.length !== CODE_LENGTH) {
    throw new FlowProblem(FLOW_ERRORS.technical);
  }
  return code;
}
