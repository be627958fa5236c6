import { randomUUID } from 'node:crypto';
import {
  type Arrival,
  type FlowContext,
  type Outcome,
  tellOfUser,
  userOf,
} from './flow-context.js';
import { FLOW_ERRORS, FlowProblem } from './flow-errors.js';
import type { FlowData, StateName } from './flow.js';
import { shownClaims, shownUser } from '../store/dto.js';
import { sessionCookie } from '../store/session-cookie.js';

/** What comes between the first factor and the session (hanko …/login/hook_schedule_onboarding_states.go). */
export function afterFirstFactor(context: FlowContext, learn: FlowData): Outcome {
  const { flow, services } = context;
  const user = userOf(context);
  if (user === undefined) throw new FlowProblem(FLOW_ERRORS.notPermitted);
  const hasTotp = services.store.credentialsOf(user.id).totp !== undefined;
  const isOffered = services.settings.onboarding === 'offered';
  const states: readonly (readonly [boolean, StateName])[] = [
    [hasTotp, 'login_otp'],
    [isOffered && flow.data.hasWebauthn === true, 'onboarding_create_passkey'],
    [isOffered && hasTotp, 'device_trust'],
    [true, 'success'],
  ];
  const next = states.flatMap(([isDue, state]) => (isDue ? [state] : []));
  return { next, learn, isFinal: true };
}

/** Makes the user who has registered, and starts the session. */
export async function startSession(context: FlowContext): Promise<Arrival> {
  const { flow, caller, services } = context;
  const { store, tokens, settings } = services;
  if (flow.kind === 'registration') createUser(context);
  const user = userOf(context);
  if (user === undefined) throw new FlowProblem(FLOW_ERRORS.notPermitted);
  const payload = tokens.startSession(
    { user, amr: amrOf(flow.data) },
    { user_agent: caller.userAgent, ip_address: caller.ipAddress },
  );
  if (flow.kind === 'login') tellOfUser(context, 'user.login', user);
  const token = await tokens.sign({ payload });
  const { loginMethod, mfaMethod } = flow.data;
  return {
    payload: {
      claims: shownClaims(payload),
      ...(loginMethod && {
        last_login: { login_method: loginMethod, ...(mfaMethod && { mfa_method: mfaMethod }) },
      }),
      user: shownUser(user, store.credentialsOf(user.id)),
    },
    headers: {
      'x-session-lifetime': String(settings.lifespanSeconds),
      'x-session-retention': 'persistent',
      ...(settings.tokenTransport === 'header'
        ? { 'x-auth-token': token }
        : {
            'set-cookie': sessionCookie(settings.config.session, token, settings.lifespanSeconds),
          }),
    },
  };
}

/** RFC 8176, with names of Hanko's own: what was used, and at registration what was set up. */
function amrOf({ loginMethod, mfaMethod, newPasswordHash, totp }: FlowData): readonly string[] {
  if (loginMethod !== undefined) {
    return [loginMethod === 'password' ? 'pwd' : 'otp', ...(mfaMethod ? [mfaMethod] : [])];
  }
  return ['otp', ...(newPasswordHash ? ['pwd'] : []), ...(totp ? ['totp'] : [])];
}

function createUser(context: FlowContext): void {
  const { flow, services } = context;
  const { email = '', userId = randomUUID(), newPasswordHash, totp } = flow.data;
  // Somebody else was faster.
  if (services.store.userByEmail(email)) throw new FlowProblem(FLOW_ERRORS.technical);
  const user = services.store.addUser(
    userId,
    [{ address: email, is_primary: true, is_verified: true }],
    undefined,
  );
  services.store.setCredentials(userId, { passwordHash: newPasswordHash, totp });
  tellOfUser(context, 'user.create', user);
}
