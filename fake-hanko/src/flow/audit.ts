import { type FlowContext, type Refusal, userOf } from './flow-context.js';
import type { Values } from './flow-inputs.js';
import type { FakeUser } from '../store/records.js';

/** An action that has run, and what there was before. */
export interface Done {
  readonly action: string;
  readonly values: Values;
  readonly user: FakeUser | undefined;
  /** Ids of the passkeys and security keys. */
  readonly keys: readonly string[];
}

type Details = Readonly<Record<string, unknown>>;
type Line = readonly [type: string, details?: Details];

/** How somebody meant to sign in with the action. */
const LOGIN_METHODS: Readonly<Record<string, string>> = {
  password_login: 'password',
  verify_passcode: 'passcode',
  webauthn_verify_assertion_response: 'passkey',
};

/** Hanko's words for it. */
const ERRORS: Readonly<Record<string, string>> = { password_login: 'password invalid' };

/** Notes an action that was refused, if it was to sign in (hanko …/credential_usage). */
export function auditRefusal(context: FlowContext, { action, user }: Done, refusal: Refusal): void {
  const method = LOGIN_METHODS[action];
  if (context.flow.kind !== 'login' || method === undefined) return;
  add(
    context,
    user,
    ['login_failure', { login_method: method }],
    ERRORS[action] ?? refusal.error.code,
  );
}

/** Notes what an action has done (hanko backend/flow_api: AuditLogger in actions and hooks). */
export function audit(context: FlowContext, done: Done): void {
  const { flow } = context;
  const user = done.user ?? userOf(context);
  for (const { template, user: told, to } of context.services.mailer.takeNotified()) {
    const details = { template, email_address: to, delivered_by_hanko: 'false' };
    context.services.auditLog.add('security_notification_sent', context.caller, told, details);
  }
  for (const line of LINES[done.action]?.(done, context) ?? []) add(context, user, line);
  if (done.action === 'continue_with_login_identifier' && flow.data.userId === undefined) {
    add(context, undefined, ['login_failure'], 'unknown user');
  }
  if (flow.state !== 'success' || flow.kind === 'profile') return;
  const { loginMethod, mfaMethod } = flow.data;
  const login: Details = { login_method: loginMethod, ...(mfaMethod && { mfa_method: mfaMethod }) };
  add(
    context,
    userOf(context),
    flow.kind === 'login' ? ['login_success', login] : ['user_created'],
  );
}

function add(context: FlowContext, user: FakeUser | undefined, line: Line, error?: string): void {
  const { caller, flow, services } = context;
  const [type, details = {}] = line;
  // Of a user in a flow Hanko notes the id alone.
  services.auditLog.add(
    type,
    caller,
    user && { id: user.id },
    { ...details, flow_id: flow.id },
    error,
  );
}

const addressOf = ({ user, values }: Done): Details => ({
  email: user?.emails?.find(({ id }) => id === values.get('email_id'))?.address ?? '',
});

const LINES: Readonly<Record<string, (done: Done, context: FlowContext) => readonly Line[]>> = {
  account_delete: () => [['user_deleted']],
  email_create: (done, context) => emailLines(done, context),
  email_delete: (done) => [['email_deleted', addressOf(done)]],
  email_set_primary: (done) => [['primary_email_changed', addressOf(done)]],
  otp_code_verify: (_done, context) => {
    const { otp } = context.services.store.credentialsOf(userOf(context)?.id ?? '');
    return otp === undefined ? [] : [['otp_created', { otp_secret: otp.id }]];
  },
  password_create: () => [['password_changed', { context: 'profile' }]],
  password_delete: () => [['password_deleted']],
  password_recovery: () => [['password_changed', { context: 'recovery' }]],
  password_update: () => [['password_changed', { context: 'profile' }]],
  username_create: (_done, context) => nameLines(context),
  username_delete: ({ user }) => [
    ['username_deleted', { username: user?.username?.username ?? '' }],
  ],
  username_update: (_done, context) => nameLines(context),
  verify_passcode: (done, context) => emailLines(done, context),
  webauthn_credential_delete: ({ values }) => [
    ['passkey_deleted', { credential_id: values.get('passkey_id') }],
  ],
  webauthn_verify_attestation_response: ({ keys }, context) =>
    context.services.store
      .keysOf(userOf(context)?.id ?? '')
      .filter((key) => !keys.includes(key.id))
      .map(({ id, mfa_only: isMfa }) =>
        isMfa
          ? ['security_key_created', { security_key: id }]
          : ['passkey_created', { passkey: id }],
      ),
};

function nameLines(context: FlowContext): readonly Line[] {
  const name = userOf(context)?.username?.username;
  return name === undefined ? [] : [['username_changed', { username: name }]];
}

/** An address that the user has now and had not before, or had not proved. */
function emailLines({ user }: Done, context: FlowContext): readonly Line[] {
  if (user === undefined) return [];
  return (userOf(context)?.emails ?? []).flatMap(({ address, is_verified }): readonly Line[] => {
    const before = user.emails?.find((one) => one.address === address);
    if (before === undefined) return [['email_created', { email: address }]];
    return is_verified && !before.is_verified ? [['email_verified', { email: address }]] : [];
  });
}
