import { type FlowContext, type Outcome, userOf } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem } from './flow-errors.js';
import type { StateName } from './flow.js';
import { primaryEmail, type WebauthnCredential } from '../store/records.js';
import {
  beginLogin,
  beginRegistration,
  type BegunCeremony,
  type Ceremony,
  type KeyOwner,
} from '../webauthn/ceremony.js';
import { finishRegistration } from '../webauthn/registration.js';
import { MalformedResponse } from '../webauthn/response.js';

/** Whether the browser can do it at all. */
export const hasWebauthn = ({ flow }: FlowContext): boolean => flow.data.hasWebauthn === true;

/** Passkeys and security keys of the one who signs in, or whose profile it is. */
export const keysOf = ({ flow, services }: FlowContext): readonly WebauthnCredential[] =>
  services.store.keysOf(flow.ownerId ?? flow.data.userId ?? '');

export const securityKeysOf = (context: FlowContext): readonly WebauthnCredential[] =>
  keysOf(context).filter((key) => key.mfa_only);

/** Whether security keys can be set up, in this browser. */
export function canAddSecurityKey(context: FlowContext): boolean {
  const { mfa } = context.services.settings.config;
  return mfa.enabled && mfa.security_keys.enabled && hasWebauthn(context);
}

/** On to a state in which the page asks the authenticator for a new key. */
export function askForKey(context: FlowContext, isMfa: boolean, next: StateName): Outcome {
  const { settings } = context.services;
  const begun = beginRegistration(settings, keyOwner(context), keysOf(context), isMfa);
  return onWith(begun, 'creation_options', next);
}

/** On to the state in which the page asks the authenticator for a signature. */
export function askForSignature(
  { flow, services }: FlowContext,
  isMfa: boolean,
  userId = flow.data.userId,
): Outcome {
  const { store, settings } = services;
  const { only_show_actual_login_methods: isPersonal } = settings.config.privacy;
  const keys = store.keysOf(userId ?? '').filter((key) => isMfa || !key.mfa_only);
  const by = userId !== undefined && (isMfa || isPersonal) ? { id: userId, keys } : null;
  const begun = beginLogin(settings, by, isMfa);
  return onWith(begun, 'request_options', 'login_passkey');
}

/** @returns the new key; null if what the page says of it is not true. */
export async function newKey(
  { flow, services }: FlowContext,
  sent: string,
): Promise<WebauthnCredential | null> {
  const { store, settings } = services;
  const ceremony = ceremonyOf(flow.data);
  const key = await finishRegistration(settings, ceremony, sent).catch((error: unknown) => {
    if (error instanceof MalformedResponse) throw new FlowProblem(FLOW_ERRORS.technical);
    throw error;
  });
  const isTaken = key !== null && store.ownerOfKey(key.id) !== undefined;
  if (isTaken) throw new FlowProblem(FLOW_ERRORS.technical);
  return key;
}

export function ceremonyOf({ ceremony }: FlowContext['flow']['data']): Ceremony {
  if (ceremony === undefined) throw new FlowProblem(FLOW_ERRORS.technical);
  return ceremony;
}

function keyOwner(context: FlowContext): KeyOwner {
  const { ownerId, data } = context.flow;
  const user = userOf(context);
  const id = ownerId ?? data.userId;
  if (id === undefined) throw new FlowProblem(FLOW_ERRORS.technical);
  const email = ownerId === null ? data.email : user && primaryEmail(user)?.address;
  return { id, email, username: data.username ?? user?.username?.username };
}

const onWith = ({ ceremony, options }: BegunCeremony, name: string, next: StateName): Outcome => ({
  next: [next],
  learn: { ceremony },
  arrival: { payload: { [name]: options } },
});
