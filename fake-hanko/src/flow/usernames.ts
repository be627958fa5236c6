import { type FlowContext, knownUser, type Outcome, tellOfUser, wrong } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem, INPUT_ERRORS, type InputError } from './flow-errors.js';
import type { Input } from './flow-inputs.js';
import type { FakeUser } from '../store/records.js';

/** hanko backend/flow_api/services/user.go */
const USERNAME = /^\w+$/;

/** A name that may be taken. */
export function usernameInput({ services }: FlowContext): Input {
  const { max_length, min_length } = services.settings.config.username;
  return { type: 'string', min_length, max_length, isName: true };
}

/** @param user whose name it may be already. */
export function usernameFault(
  { services }: FlowContext,
  username: string,
  user?: FakeUser,
): InputError | null {
  if (!USERNAME.test(username)) return INPUT_ERRORS.username;
  const owner = services.store.userByUsername(username);
  return owner === undefined || owner.id === user?.id ? null : INPUT_ERRORS.usernameExists;
}

/** Gives the user a name. @throws FlowProblem where there is one: no Hanko of version 3 can change it. */
export function setUsername(context: FlowContext, username: string): Outcome {
  const user = knownUser(context);
  const fault = usernameFault(context, username, user);
  if (fault !== null) return wrong({ username: fault });
  // It forgets the tenant, and the database refuses (hanko …/profile/action_username_update.go).
  if (user.username !== undefined) throw new FlowProblem(FLOW_ERRORS.technical);
  tellOfUser(
    context,
    'user.update.username.create',
    context.services.store.setUsername(user, username),
  );
  return context.flow.kind === 'profile' ? { next: ['profile_init'] } : { next: [], isFinal: true };
}
