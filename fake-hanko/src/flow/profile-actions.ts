import {
  type Action,
  type FlowContext,
  type Outcome,
  tellOfUser,
  userOf,
  wrong,
} from './flow-context.js';
import { FLOW_ERRORS, FlowProblem, INPUT_ERRORS } from './flow-errors.js';
import type { Inputs, Values } from './flow-inputs.js';
import { hashPassword } from '../store/passwords.js';
import type { FakeUser } from '../store/records.js';

const MAX_EMAILS = 5;
const PASSWORD_INPUT = {
  password: { type: 'string', min_length: 8, max_length: 72, required: true },
} as const satisfies Inputs;
const HIDDEN_ID = { type: 'string', required: true, hidden: true } as const;

/** Changing one's own account (hanko backend/flow_api/flow/profile: one file per action). */
export const PROFILE_ACTIONS = {
  email_create: {
    description: 'Create an email address for the current session user.',
    inputs: { email: { type: 'email', max_length: 120, required: true } },
    isOffered: (context) => emailsOf(context).length < MAX_EMAILS,
    run: ({ flow, services }, values) => {
      const email = String(values.get('email'));
      const owner = services.store.userByEmail(email);
      if (owner !== undefined && owner.id === flow.ownerId) {
        return wrong({ email: INPUT_ERRORS.emailExists });
      }
      return owner === undefined
        ? {
            next: ['passcode_confirmation', 'profile_init'],
            learn: { email, mail: 'email_verification' },
          }
        : {
            next: ['passcode_confirmation'],
            learn: { email, mail: 'email_registration_attempted' },
          };
    },
  },
  email_delete: {
    description: 'Delete an email address.',
    inputs: (context) => ({
      email_id: {
        ...HIDDEN_ID,
        allowed_values: emailsOf(context)
          .filter((email) => !email.is_primary)
          .map(({ id, address }) => ({ value: id, name: address })),
      },
    }),
    run: (context, values) => {
      const { store, mailer } = context.services;
      const user = currentUser(context);
      const deleted = user.emails?.find(({ id }) => id === values.get('email_id'));
      if (deleted === undefined) return { error: FLOW_ERRORS.formData };
      if (deleted.is_primary) return { error: FLOW_ERRORS.notPermitted };
      const others = emailsOf(context).filter((email) => email !== deleted);
      tellOfUser(context, 'user.update.email.delete', store.setEmails(user, others));
      const what = { deleted_email_address: deleted.address };
      mailer.notification('email_delete', user, context.caller.language, what);
      return { next: ['profile_init'] };
    },
  },
  email_set_primary: {
    description: 'Sets a an email address as the primary email address.',
    inputs: { email_id: HIDDEN_ID },
    isOffered: (context) => emailsOf(context).length > 1,
    run: (context, values) => {
      const { store, mailer } = context.services;
      const user = currentUser(context);
      const chosen = user.emails?.find(({ id }) => id === values.get('email_id'));
      if (chosen === undefined) return { error: FLOW_ERRORS.notFound };
      const former = user.emails?.find((email) => email.is_primary);
      if (former !== undefined && former !== chosen) {
        const what = { old_email_address: former.address, new_email_address: chosen.address };
        mailer.notification('primary_email_update', user, context.caller.language, what);
      }
      const emails = emailsOf(context);
      const changed = store.setEmails(
        user,
        emails.map((email) => ({ ...email, is_primary: email === chosen })),
      );
      tellOfUser(context, 'user.update.email.primary', changed);
      return { next: ['profile_init'] };
    },
  },
  otp_secret_delete: {
    description: 'Delete an OTP secret',
    isOffered: (context) => credentialsOf(context).totp !== undefined,
    run: (context) => {
      const user = currentUser(context);
      context.services.store.setCredentials(user.id, { totp: undefined });
      context.services.mailer.notification('mfa_delete', user, context.caller.language);
      return { next: ['profile_init'] };
    },
  },
  password_create: {
    description: 'Create a new password.',
    inputs: PASSWORD_INPUT,
    isOffered: (context) => credentialsOf(context).passwordHash === undefined,
    run: (context, values) => setPassword(context, values),
  },
  password_update: {
    description: 'Update an existing password.',
    inputs: PASSWORD_INPUT,
    isOffered: (context) => credentialsOf(context).passwordHash !== undefined,
    run: (context, values) => {
      const outcome = setPassword(context, values);
      const user = currentUser(context);
      context.services.mailer.notification('password_update', user, context.caller.language);
      tellOfUser(context, 'user.update.password.update', user);
      return outcome;
    },
  },
  session_delete: {
    description: 'Delete a session.',
    inputs: (context) => ({
      session_id: {
        ...HIDDEN_ID,
        allowed_values: otherSessions(context).map((id) => ({ value: id, name: id })),
      },
    }),
    isOffered: (context) => otherSessions(context).length > 0,
    run: ({ services }, values) => {
      const id = String(values.get('session_id'));
      services.store.endSession(id, 'session.delete.explicit.revoke');
      return { next: ['profile_init'] };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;

function currentUser(context: FlowContext): FakeUser {
  const user = userOf(context);
  if (user === undefined) throw new FlowProblem(FLOW_ERRORS.notPermitted);
  return user;
}

const emailsOf = (context: FlowContext) => userOf(context)?.emails ?? [];

const credentialsOf = ({ flow, services }: FlowContext) =>
  services.store.credentialsOf(flow.ownerId ?? '');

/** Newest first, as the profile lists them. */
const otherSessions = ({ flow, caller, services }: FlowContext): readonly string[] =>
  services.store
    .sessionsOf(flow.ownerId ?? '')
    .map(({ id }) => id)
    .filter((id) => id !== caller.session?.id)
    .toReversed();

function setPassword(context: FlowContext, values: Values): Outcome {
  const passwordHash = hashPassword(String(values.get('password')));
  context.services.store.setCredentials(currentUser(context).id, { passwordHash });
  return { next: ['profile_init'] };
}
