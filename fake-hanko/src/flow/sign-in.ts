import { randomUUID } from 'node:crypto';
import {
  type Arrival,
  type FlowContext,
  type Headers,
  knownUser,
  type Outcome,
  tellOfUser,
} from './flow-context.js';
import { FLOW_ERRORS, FlowProblem } from './flow-errors.js';
import type { FlowData } from './flow.js';
import { mfaCreationStates, statesOfLogin } from './onboarding.js';
import { shownClaims, shownUser } from '../store/dto.js';
import { sessionCookie } from '../store/session-cookie.js';

/** On to what comes between the first factor and the session; to no more of it the second time. */
export function afterFirstFactor(context: FlowContext, learn: FlowData): Outcome {
  const { flow } = context;
  knownUser(context);
  const onboarding = flow.data.isOnboarding
    ? []
    : statesOfLogin(context, learn, isDeviceTrusted(context));
  return {
    next: [...mfaCreationStates(context, learn), ...onboarding],
    learn: { ...learn, isOnboarding: true },
    isFinal: true,
  };
}

const isDeviceTrusted = (context: FlowContext): boolean => {
  const { devices } = context.services;
  return devices.isTrusted(knownUser(context).id, context.caller.cookie(devices.cookieName));
};

/** Makes the user who has registered, and starts the session. */
export async function startSession(context: FlowContext): Promise<Arrival> {
  const { flow, caller, services } = context;
  const { tokens, settings } = services;
  const { session } = settings.config;
  if (flow.kind === 'registration' && flow.data.thirdParty === undefined) createUser(context);
  const user = knownUser(context);
  const payload = tokens.startSession(
    { user, amr: amrOf(context) },
    {
      ...(session.acquire_user_agent && { user_agent: caller.userAgent }),
      ...(session.acquire_ip_address && { ip_address: caller.ipAddress }),
    },
    'session.create.flow',
  );
  if (flow.kind === 'login') tellOfUser(context, 'user.login', user);
  const token = await tokens.sign({ payload });
  const { loginMethod, mfaMethod, thirdParty } = flow.data;
  return {
    payload: {
      claims: shownClaims(payload),
      ...(flow.kind === 'login' && {
        last_login: {
          login_method: loginMethod,
          ...(thirdParty && { third_party_provider: thirdParty }),
          ...(mfaMethod && { mfa_method: mfaMethod }),
        },
      }),
      user: shownUser(services.store, user, settings.config),
    },
    headers: sessionHeaders(context, token),
  };
}

function sessionHeaders(context: FlowContext, token: string): Headers {
  const { flow, services } = context;
  const { config, lifespanSeconds, tokenTransport } = services.settings;
  const { retention } = config.session.cookie;
  const isKept =
    retention === 'persistent' || (retention === 'prompt' && flow.data.isRemembered === true);
  const maxAge = isKept ? lifespanSeconds : null;
  const cookies = [
    ...(tokenTransport === 'cookie' ? [sessionCookie(config.session, token, maxAge)] : []),
    ...deviceCookies(context),
  ];
  return {
    'x-session-lifetime': String(lifespanSeconds),
    'x-session-retention': isKept ? 'persistent' : 'session',
    ...(tokenTransport === 'header' && { 'x-auth-token': token }),
    ...(cookies.length > 0 && { 'set-cookie': cookies }),
  };
}

function deviceCookies(context: FlowContext): readonly string[] {
  const { flow, caller, services } = context;
  const { devices, settings } = services;
  const policy = settings.config.mfa.device_trust_policy;
  const isDue = policy === 'always' || (policy === 'prompt' && flow.data.isDeviceTrusted === true);
  return flow.kind === 'login' && isDue
    ? [devices.trust(knownUser(context).id, caller.cookie(devices.cookieName))]
    : [];
}

const FIRST_FACTORS = { passcode: 'otp', passkey: 'passkey', password: 'pwd' } as const;

/** RFC 8176, with names of Hanko's own: what was used, and at registration what was set up. */
function amrOf({ flow }: FlowContext): readonly string[] | null {
  const { isEmailVerified, loginMethod, mfaMethod, newPasswordHash, thirdParty, totp } = flow.data;
  const { newKeys = [] } = flow.data;
  const provider = thirdParty === undefined ? [] : [`ext:${thirdParty}`];
  const methods =
    flow.kind === 'registration'
      ? [
          ...(isEmailVerified ? ['otp'] : []),
          ...provider,
          ...(newPasswordHash ? ['pwd'] : []),
          ...(newKeys.some((key) => !key.mfa_only) ? ['passkey'] : []),
          ...(totp ? ['totp'] : []),
          ...(newKeys.some((key) => key.mfa_only) ? ['security_key'] : []),
        ]
      : [
          ...(loginMethod === 'third_party' || loginMethod === undefined
            ? provider
            : [FIRST_FACTORS[loginMethod]]),
          ...(mfaMethod ? [mfaMethod] : []),
        ];
  return methods.length > 0 ? methods : null;
}

function createUser(context: FlowContext): void {
  const { flow, services } = context;
  const { store } = services;
  const { email, username, isEmailVerified = false, newPasswordHash, totp } = flow.data;
  const { userId = randomUUID(), newKeys = [] } = flow.data;
  const isTaken =
    (email !== undefined && store.userByEmail(email) !== undefined) ||
    (username !== undefined && store.userByUsername(username) !== undefined) ||
    newKeys.some(({ id }) => store.ownerOfKey(id) !== undefined);
  // Somebody else was faster.
  if (isTaken) throw new FlowProblem(FLOW_ERRORS.technical);
  const emails =
    email === undefined ? [] : [{ address: email, is_primary: true, is_verified: isEmailVerified }];
  const user = store.addUser(userId, emails, username);
  store.setCredentials(userId, { passwordHash: newPasswordHash, totp, webauthn: newKeys });
  tellOfUser(context, 'user.create', user);
}
