import { randomUUID } from 'node:crypto';
import { type Action, type FlowContext, type Outcome, wrong } from './flow-context.js';
import { INPUT_ERRORS } from './flow-errors.js';
import { type Inputs, textOf } from './flow-inputs.js';
import { mfaCreationStates, statesOfRegistration } from './onboarding.js';
import { usernameFault, usernameInput } from './usernames.js';
import { hashPassword } from '../store/passwords.js';

/** hanko …/registration, …/credential_onboarding */
export const REGISTRATION_ACTIONS = {
  register_login_identifier: {
    description: 'Enter an identifier to register.',
    inputs: identifierInputs,
    isOffered: (context) =>
      context.services.settings.config.account.allow_signup &&
      Object.keys(identifierInputs(context)).length > 0,
    run: (context, values) => {
      const email = textOf(values, 'email');
      const username = textOf(values, 'username');
      if (email === '' && username === '') {
        const invalid = {
          ...INPUT_ERRORS.invalid,
          cause: 'either email or username must be provided',
        };
        return wrong({ username: invalid, email: invalid });
      }
      const fault = username === '' ? null : usernameFault(context, username);
      if (fault !== null) return wrong({ username: fault });
      return register(context, email, username);
    },
  },
  register_password: {
    description: 'Submit a new password.',
    inputs: ({ services }) => {
      const { min_length, optional } = services.settings.config.password;
      return {
        new_password: { type: 'password', min_length, required: !optional },
      };
    },
    run: (context, values) => {
      const { store, settings } = context.services;
      const password = textOf(values, 'new_password');
      // As bytes it is long enough: perhaps not as letters. And bcrypt takes no more than 72.
      if (Array.from(password).length < settings.config.password.min_length) {
        return wrong({ new_password: INPUT_ERRORS.invalid });
      }
      if (Buffer.byteLength(password) > 72) return wrong({ new_password: INPUT_ERRORS.tooLong });
      const newPasswordHash = hashPassword(password);
      const { flow } = context;
      if (flow.kind === 'login') {
        store.setCredentials(flow.data.userId ?? '', { passwordHash: newPasswordHash });
      }
      const learn = { newPasswordHash };
      return { next: mfaCreationStates(context, learn), learn, isFinal: true };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;

function identifierInputs(context: FlowContext): Inputs {
  const { email, username } = context.services.settings.config;
  return {
    ...(email.enabled &&
      email.acquire_on_registration && {
        email: {
          type: 'email',
          max_length: email.max_length,
          required: !email.optional,
        },
      }),
    ...(username.enabled &&
      username.acquire_on_registration && {
        username: { ...usernameInput(context), required: !username.optional },
      }),
  };
}

/** For a name that is free, and an address that may be. */
function register(context: FlowContext, email: string, username: string): Outcome {
  const { store, settings } = context.services;
  const { email: rules, privacy } = settings.config;
  const learn = {
    ...(username !== '' && { username }),
    ...(email !== '' && { email, mail: 'email_verification' as const }),
  };
  if (email !== '' && store.userByEmail(email) !== undefined) {
    if (!rules.require_verification || privacy.show_account_existence_hints) {
      return wrong({ email: INPUT_ERRORS.emailExists });
    }
    // It looks as if all were well; no code is right.
    return {
      next: ['passcode_confirmation'],
      learn: { ...learn, mail: 'email_registration_attempted' },
    };
  }
  return {
    next: statesOfRegistration(context, learn),
    learn: { ...learn, userId: randomUUID() },
  };
}
