import {
  type Action,
  type FlowContext,
  knownUser,
  tellOfUser,
  userOf,
  wrong,
} from './flow-context.js';
import { FLOW_ERRORS, INPUT_ERRORS } from './flow-errors.js';
import { textOf } from './flow-inputs.js';
import { factsOf } from './onboarding.js';
import type { FakeEmail } from '../store/records.js';

const HIDDEN_ID = { type: 'string', required: true, hidden: true } as const;

/** One's addresses and authenticator app (hanko backend/flow_api/flow/profile: one file per action). */
export const PROFILE_ACTIONS = {
  email_create: {
    description: 'Create an email address for the current session user.',
    inputs: ({ services }) => {
      const { max_length } = services.settings.config.email;
      return { email: { type: 'email', max_length, required: true } };
    },
    isOffered: (context) => {
      const { enabled, limit } = context.services.settings.config.email;
      return enabled && emailsOf(context).length < limit;
    },
    run: (context, values) => {
      const { flow, caller, services } = context;
      const { store, mailer, settings } = services;
      const { email: rules, privacy } = settings.config;
      const email = textOf(values, 'email');
      const owner = store.userByEmail(email);
      const isSaid = !rules.require_verification || privacy.show_account_existence_hints;
      if (owner !== undefined && (owner.id === flow.ownerId || isSaid)) {
        return wrong({ email: INPUT_ERRORS.emailExists });
      }
      if (owner !== undefined) {
        const mail = 'email_registration_attempted';
        return { next: ['passcode_confirmation'], learn: { email, mail } };
      }
      if (rules.require_verification) {
        const mail = 'email_verification';
        return { next: ['passcode_confirmation', 'profile_init'], learn: { email, mail } };
      }
      const user = knownUser(context);
      tellOfUser(context, 'user.update.email.create', store.addEmail(user, email, false));
      mailer.notification('email_create', user, caller.language, { new_email_address: email });
      return { next: ['profile_init'] };
    },
  },
  email_delete: {
    description: 'Delete an email address.',
    inputs: (context) => ({
      email_id: {
        ...HIDDEN_ID,
        allowed_values: emailsOf(context)
          .filter((email) => canDelete(context, email))
          .map(({ id, address }) => ({ value: id, name: address })),
      },
    }),
    run: (context, values) => {
      const { store, mailer, settings } = context.services;
      const user = knownUser(context);
      const deleted = user.emails?.find(({ id }) => id === values.get('email_id'));
      if (deleted === undefined) return { error: FLOW_ERRORS.formData };
      if (deleted.is_primary && !settings.config.email.optional) {
        return { error: FLOW_ERRORS.notPermitted };
      }
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
    isOffered: (context) => {
      const emails = emailsOf(context);
      const isOnlyOne = emails.length === 1 && emails[0]?.is_primary === true;
      return context.services.settings.config.email.enabled && emails.length > 0 && !isOnlyOne;
    },
    run: (context, values) => {
      const { store, mailer } = context.services;
      const user = knownUser(context);
      const chosen = user.emails?.find(({ id }) => id === values.get('email_id'));
      if (chosen === undefined) return { error: FLOW_ERRORS.notFound };
      if (chosen.is_primary) return { next: ['profile_init'] };
      const former = user.emails?.find((email) => email.is_primary);
      if (former !== undefined) {
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
  email_verify: {
    description: 'Verify an email.',
    inputs: { email_id: HIDDEN_ID },
    isOffered: (context) =>
      context.services.settings.config.email.enabled &&
      emailsOf(context).some((email) => !email.is_verified),
    run: (context, values) => {
      const chosen = emailsOf(context).find(({ id }) => id === values.get('email_id'));
      if (chosen === undefined) return { error: FLOW_ERRORS.notFound };
      const learn = { email: chosen.address, mail: 'email_verification' } as const;
      return { next: ['passcode_confirmation', 'profile_init'], learn };
    },
  },
  otp_secret_delete: {
    description: 'Delete an OTP secret',
    isOffered: (context) => {
      const { mfa } = context.services.settings.config;
      const { hasSecurityKey, hasTotp } = factsOf(context);
      return hasTotp && (!mfa.enabled || mfa.optional || hasSecurityKey);
    },
    run: (context) => {
      const user = knownUser(context);
      context.services.store.setCredentials(user.id, { totp: undefined });
      context.services.mailer.notification('mfa_delete', user, context.caller.language);
      return { next: ['profile_init'] };
    },
  },
} as const satisfies Readonly<Record<string, Action>>;

const emailsOf = (context: FlowContext): readonly FakeEmail[] => userOf(context)?.emails ?? [];

/** The primary one only as the last, by whom can sign in without. */
function canDelete(context: FlowContext, email: FakeEmail): boolean {
  const { email: rules, passkey, password, username } = context.services.settings.config;
  const { hasPasskey, hasPassword, hasUsername } = factsOf(context);
  const canUsePasskey = passkey.enabled && hasPasskey;
  const canUsePassword = password.enabled && hasPassword;
  if (!email.is_primary) {
    return canUsePasskey || canUsePassword || (rules.enabled && rules.use_for_authentication);
  }
  const isLast = emailsOf(context).length === 1;
  const canUseName = canUsePassword && username.use_as_login_identifier && hasUsername;
  return isLast && rules.optional && (canUsePasskey || canUseName);
}
