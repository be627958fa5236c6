import {
  type Action,
  type FlowContext,
  knownUser,
  tellOfUser,
  userOf,
  wrong,
} from './flow-context.js';
import { INPUT_ERRORS } from './flow-errors.js';
import { type Inputs, textOf } from './flow-inputs.js';
import { factsOf } from './onboarding.js';
import { setUsername, usernameInput } from './usernames.js';
import { providersOf } from '../config/providers.js';
import { hashPassword } from '../store/passwords.js';
import { sessionCookie } from '../store/session-cookie.js';

/** One's account, password, name and sessions (hanko backend/flow_api/flow/profile: one file per action). */
export const ACCOUNT_ACTIONS = {
  account_delete: {
    description: 'Delete an account.',
    isOffered: ({ services }) => services.settings.config.account.allow_deletion,
    run: (context) => {
      const { store, settings } = context.services;
      store.deleteUser(knownUser(context).id);
      const headers = { 'set-cookie': sessionCookie(settings.config.session, '', 0) };
      return { next: ['account_deleted'], arrival: { headers } };
    },
  },
  password_create: {
    description: 'Create a new password.',
    inputs: passwordInputs,
    isOffered: (context) => isPasswordEnabled(context) && !factsOf(context).hasPassword,
    run: (context, values) => {
      setPassword(context, textOf(values, 'password'));
      return { next: ['profile_init'] };
    },
  },
  password_delete: {
    description: 'Delete a password.',
    isOffered: (context) =>
      isPasswordEnabled(context) &&
      context.services.settings.config.password.optional &&
      factsOf(context).hasPassword &&
      canSignInOtherwise(context),
    run: (context) => {
      const { store } = context.services;
      store.setCredentials(knownUser(context).id, { passwordHash: undefined });
      return { next: ['profile_init'] };
    },
  },
  password_update: {
    description: 'Update an existing password.',
    inputs: passwordInputs,
    isOffered: (context) => isPasswordEnabled(context) && factsOf(context).hasPassword,
    run: (context, values) => {
      setPassword(context, textOf(values, 'password'));
      const user = knownUser(context);
      context.services.mailer.notification('password_update', user, context.caller.language);
      tellOfUser(context, 'user.update.password.update', user);
      return { next: ['profile_init'] };
    },
  },
  patch_metadata: {
    description: 'Patch the (unsafe) metadata of the user',
    inputs: { patch_metadata: { type: 'json', required: true, hidden: false } },
    run: (context, values) => {
      const text = textOf(values, 'patch_metadata');
      const patch = parseObject(text);
      const { metadata } = context.services.store;
      const refuse = (cause: string) =>
        wrong({ patch_metadata: { ...INPUT_ERRORS.metadata, cause } });
      if (patch === undefined) return refuse('patch metadata must be an object or null');
      return metadata.patch(knownUser(context).id, 'unsafe_metadata', patch)
        ? { next: ['profile_init'] }
        : refuse('metadata must not exceed character limit (3000)');
    },
  },
  session_delete: {
    description: 'Delete a session.',
    inputs: (context) => ({
      session_id: {
        type: 'string',
        required: true,
        hidden: true,
        allowed_values: otherSessions(context).map((id) => ({ value: id, name: id })),
      },
    }),
    isOffered: (context) =>
      context.services.settings.config.session.allow_revocation &&
      otherSessions(context).length > 0,
    run: ({ services }, values) => {
      const id = textOf(values, 'session_id');
      services.store.endSession(id, 'session.delete.explicit.revoke');
      return { next: ['profile_init'] };
    },
  },
  username_delete: {
    description: 'Delete the username of a user.',
    isOffered: (context) => {
      const { username } = context.services.settings.config;
      const { hasEmail, hasPasskey, hasUsername } = factsOf(context);
      return username.enabled && username.optional && hasUsername && (hasEmail || hasPasskey);
    },
    run: (context) => {
      const changed = context.services.store.setUsername(knownUser(context), undefined);
      tellOfUser(context, 'user.update.username.delete', changed);
      return { next: ['profile_init'] };
    },
  },
  username_update: {
    description: 'Update an existing username.',
    inputs: (context) => ({
      username: { ...usernameInput(context), required: true, isKept: true },
    }),
    isOffered: (context) =>
      context.services.settings.config.username.enabled && factsOf(context).hasUsername,
    run: (context, values) => setUsername(context, textOf(values, 'username')),
  },
} as const satisfies Readonly<Record<string, Action>>;

/** null empties the metadata; undefined for what is neither an object nor null. */
function parseObject(text: string): Readonly<Record<string, unknown>> | null | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>> | null) : undefined;
  } catch {
    return undefined;
  }
}

function passwordInputs({ services }: FlowContext): Inputs {
  const { min_length } = services.settings.config.password;
  return { password: { type: 'string', min_length, max_length: 72, required: true } };
}

const isPasswordEnabled = ({ services }: FlowContext): boolean =>
  services.settings.config.password.enabled;

function setPassword(context: FlowContext, password: string): void {
  const passwordHash = hashPassword(password);
  context.services.store.setCredentials(knownUser(context).id, { passwordHash });
}

/** Without the password. */
function canSignInOtherwise(context: FlowContext): boolean {
  const { store, settings } = context.services;
  const { email, passkey, third_party, username } = settings.config;
  const { hasPasskey, hasSecurityKey, hasUsername } = factsOf(context);
  const user = userOf(context);
  const isIdentified =
    email.use_as_login_identifier || (username.use_as_login_identifier && hasUsername);
  const canMail = (user?.emails ?? []).length > 0 && email.enabled && email.use_for_authentication;
  const ids = providersOf(third_party).map(({ id }) => id);
  return (
    (passkey.enabled && (hasPasskey || hasSecurityKey)) ||
    (canMail && isIdentified) ||
    store.identities.of(user?.id ?? '').some((one) => ids.includes(one.provider_id))
  );
}

/** Newest first, as the profile lists them. */
const otherSessions = ({ flow, caller, services }: FlowContext): readonly string[] =>
  services.store
    .sessionsOf(flow.ownerId ?? '')
    .map(({ id }) => id)
    .filter((id) => id !== caller.session?.id)
    .toReversed();
