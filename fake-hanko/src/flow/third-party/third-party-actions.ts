import { challengeOf } from './third-parties.js';
import {
  type Action,
  type FlowContext,
  knownUser,
  type Outcome,
  tooOften,
} from '../flow-context.js';
import { FLOW_ERRORS, FlowProblem } from '../flow-errors.js';
import { type Inputs, textOf, type Values } from '../flow-inputs.js';
import type { StateName } from '../flow.js';
import type { Provider } from '../../config/providers.js';
import type { Identity } from '../../store/identities.js';
import { rfc3339 } from '../../store/records.js';

const HIDDEN = { type: 'string', hidden: true } as const;
const REQUIRED = { ...HIDDEN, required: true } as const;

/** Signing in with a third party, and connecting one (hanko …/shared/action_thirdparty_oauth.go, …/profile). */
export const THIRD_PARTY_ACTIONS = {
  connect_thirdparty_oauth_provider: {
    description: 'Connect a third party provider via OAuth.',
    inputs: (context) => redirectInputs(unconnected(context)),
    isOffered: (context) => unconnected(context).length > 0,
    run: (context, values) => redirect(context, values, knownUser(context).id),
  },
  disconnect_thirdparty_oauth_provider: {
    description: 'Disconnect a third party provider via OAuth.',
    inputs: { identity_id: { type: 'string', isUnlisted: true } },
    isOffered: (context) => connected(context).length > 0,
    run: (context, values) => {
      const id = textOf(values, 'identity_id');
      const { identities } = context.services.store;
      const isOwn = identities.of(knownUser(context).id).some((one) => one.id === id);
      if (!isOwn) return { error: FLOW_ERRORS.formData };
      identities.delete(id);
      return { next: ['profile_init'] };
    },
  },
  exchange_token: {
    description: ({ flow }) =>
      flow.kind === 'profile'
        ? 'Exchange a token for linking the identity to a user account.'
        : 'Exchange a one time token.',
    inputs: { token: REQUIRED, code_verifier: HIDDEN },
    run: (context, values) => {
      const { thirdParties, limits, store } = context.services;
      const wait = limits.take('token', '');
      if (wait !== null) return tooOften({ retry_after: wait });
      const value = textOf(values, 'token');
      const token = thirdParties.token(value);
      const identity = token && store.identities.get(token.identityId);
      if (token === undefined || identity === undefined) {
        throw new FlowProblem(FLOW_ERRORS.technical);
      }
      const isBound = token.codeVerifier !== '';
      if (isBound && token.codeVerifier !== textOf(values, 'code_verifier')) {
        return { error: FLOW_ERRORS.formData };
      }
      const outcome =
        context.flow.kind === 'profile'
          ? connect(context, identity, token.userId)
          : enter(context, identity, token.userId, token.isUserNew);
      thirdParties.spend(value);
      return outcome;
    },
  },
  thirdparty_oauth: {
    description: 'Sign up/sign in with a third party provider via OAuth.',
    inputs: ({ services }) => redirectInputs(services.thirdParties.providers),
    isOffered: ({ services }) => services.thirdParties.providers.length > 0,
    run: (context, values) => redirect(context, values, null),
  },
} as const satisfies Readonly<Record<string, Action>>;

const redirectInputs = (providers: readonly Provider[]): Inputs => ({
  redirect_to: REQUIRED,
  provider: { ...REQUIRED, allowed_values: providers.map(({ id, name }) => ({ value: id, name })) },
  code_verifier: HIDDEN,
});

/** On to the third party's page; a cookie shows on the way back that it is the same browser. */
function redirect(context: FlowContext, values: Values, userId: string | null): Outcome {
  const { caller, services } = context;
  const { thirdParties, settings } = services;
  const redirectTo = textOf(values, 'redirect_to');
  const provider = thirdParties.providers.find(({ id }) => id === textOf(values, 'provider'));
  if (provider === undefined || !thirdParties.isAllowedRedirect(redirectTo)) {
    return { error: FLOW_ERRORS.formData };
  }
  const codeVerifier = textOf(values, 'code_verifier');
  const state = thirdParties.start({ provider, redirectTo, codeVerifier, userId });
  const query = new URLSearchParams({
    client_id: 'fake-hanko',
    ...(codeVerifier !== '' && {
      code_challenge: challengeOf(codeVerifier),
      code_challenge_method: 'S256',
    }),
    redirect_uri: `${caller.base}/thirdparty/callback`,
    response_type: 'code',
    scope: 'email profile',
    state,
  });
  const { cookie } = settings.config.session;
  const fields = [
    `hanko_thirdparty_state=${state}`,
    'Path=/',
    ...(cookie.domain ? [`Domain=${cookie.domain.replace(/^\./, '')}`] : []),
    'Max-Age=300',
    ...(cookie.http_only ? ['HttpOnly'] : []),
    'Secure',
    'SameSite=None',
  ];
  return {
    next: ['thirdparty'],
    arrival: {
      payload: { redirect_url: `${caller.base}/fake-provider/${provider.id}?${query.toString()}` },
      headers: { 'set-cookie': fields.join('; ') },
    },
  };
}

/** Signs in the user whom the callback has found or made. */
function enter(
  context: FlowContext,
  identity: Identity,
  userId: string,
  isUserNew: boolean,
): Outcome {
  const { store, settings } = context.services;
  const { email, username } = settings.config;
  const user = store.user(userId);
  if (user === undefined) throw new FlowProblem(FLOW_ERRORS.technical);
  const address = user.emails?.find(({ id }) => id === identity.email_id);
  const isProofDue = email.require_verification && address !== undefined && !address.is_verified;
  const when = isUserNew ? 'acquire_on_registration' : 'acquire_on_login';
  const isEmailDue = email.enabled && (user.emails ?? []).length === 0 && email[when];
  const isNameDue = username.enabled && user.username === undefined && username[when];
  const next: readonly StateName[] = [
    ...(isProofDue ? (['passcode_confirmation'] as const) : []),
    ...(isEmailDue ? (['onboarding_email'] as const) : []),
    ...(isNameDue ? (['onboarding_username'] as const) : []),
    'success',
  ];
  return {
    next,
    learn: {
      userId,
      loginMethod: 'third_party',
      thirdParty: identity.provider_id,
      ...(isProofDue && { email: address.address, mail: 'email_verification' }),
    },
    isFinal: true,
  };
}

/** Gives the identity to the user whose profile it is. */
function connect(context: FlowContext, identity: Identity, userId: string): Outcome {
  const { store, settings } = context.services;
  const isOwn = userId === context.flow.ownerId;
  if (!isOwn || (identity.user_id !== null && identity.user_id !== userId)) {
    return { error: FLOW_ERRORS.notPermitted };
  }
  store.identities.update(identity, { user_id: userId }, rfc3339(settings.now()));
  return { next: ['profile_init'], isFinal: true };
}

/** Identities of the user at providers that are enabled. */
function connected({ flow, services }: FlowContext): readonly Identity[] {
  const ids = services.thirdParties.providers.map(({ id }) => id);
  return services.store.identities
    .of(flow.ownerId ?? '')
    .filter((one) => ids.includes(one.provider_id));
}

function unconnected(context: FlowContext): readonly Provider[] {
  const ids = connected(context).map((one) => one.provider_id);
  return context.services.thirdParties.providers.filter(({ id }) => !ids.includes(id));
}
