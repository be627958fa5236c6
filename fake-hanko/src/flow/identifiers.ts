import { type FlowContext, type Outcome, wrong } from './flow-context.js';
import { FLOW_ERRORS, INPUT_ERRORS } from './flow-errors.js';
import { EMAIL, type Inputs, type Values } from './flow-inputs.js';
import type { FlowData } from './flow.js';
import { askForSignature } from './webauthn-context.js';
import { primaryEmail } from '../store/records.js';

/** What people sign in with: an address, a name, or either (hanko …/action_continue_with_login_identifier.go). */
export function identifierInputs({ services }: FlowContext): Inputs {
  const { email, username } = services.settings.config;
  const [isEmail, isUsername] = [email, username].map(
    (one) => one.enabled && one.use_as_login_identifier,
  );
  if (isEmail && isUsername) {
    return { identifier: { type: 'string', max_length: 255, required: true, isName: true } };
  }
  if (isEmail) {
    return {
      email: { type: 'email', min_length: 3, max_length: email.max_length, required: true },
    };
  }
  const { min_length, max_length } = username;
  return isUsername
    ? { username: { type: 'string', min_length, max_length, required: true, isName: true } }
    : {};
}

export function continueWithIdentifier(context: FlowContext, values: Values): Outcome {
  const { store, settings } = context.services;
  const [[name, value] = ['email', '']] = values;
  const identifier = String(value);
  const isEmail = name === 'email' || (name === 'identifier' && EMAIL.test(identifier));
  const user = isEmail ? store.userByEmail(identifier) : store.userByUsername(identifier);
  if (user === undefined && !isEmail) return wrong({ [name]: INPUT_ERRORS.unknownUsername });
  if (user === undefined && settings.config.privacy.show_account_existence_hints) {
    return wrong({ [name]: INPUT_ERRORS.unknownEmail });
  }
  const primary = user && primaryEmail(user)?.address;
  const email = isEmail ? identifier : primary;
  // Known or not, the answer is the same.
  const learn = {
    identifier,
    ...(email !== undefined && { email }),
    ...(user && { userId: user.id }),
  };
  const outcome = chooseMethod(context, learn);
  return 'next' in outcome ? { ...outcome, learn: { ...learn, ...outcome.learn } } : outcome;
}

/** The one way to sign in, or all of them to choose from. */
function chooseMethod(context: FlowContext, learn: FlowData): Outcome {
  const { store, settings } = context.services;
  const { email, passkey, password, privacy } = settings.config;
  const user = store.user(learn.userId ?? '');
  const canMail = email.use_for_authentication && learn.email !== undefined;
  const isShownAll = !privacy.only_show_actual_login_methods;
  const methods = {
    passcode: isShownAll ? canMail : canMail && user !== undefined,
    password:
      password.enabled &&
      (isShownAll || (user && store.credentialsOf(user.id).passwordHash) !== undefined),
    // Where all are shown, it is one of them anyway.
    passkey:
      passkey.enabled &&
      !isShownAll &&
      store.keysOf(learn.userId ?? '').some((key) => !key.mfa_only),
  };
  const { length: count } = Object.values(methods).filter(Boolean);
  if (count > 1) return { next: ['login_method_chooser'] };
  if (methods.passcode) return passcodeStep(user !== undefined);
  if (methods.password) return { next: ['login_password'] };
  if (methods.passkey) return askForSignature(context, false, learn.userId);
  return { next: ['error'], arrival: { error: FLOW_ERRORS.discontinuity } };
}

/** A code is mailed to who is known, to all others word that somebody tried. */
export const passcodeStep = (isKnown: boolean): Outcome => ({
  next: ['passcode_confirmation'],
  learn: { loginMethod: 'passcode', mail: isKnown ? 'login' : 'email_login_attempted' },
});
