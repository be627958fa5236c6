import { type FlowContext, tellOfUser } from './flow-context.js';
import { FLOW_ERRORS, FlowProblem } from './flow-errors.js';
import type { FakeUser } from '../store/records.js';

/**
 * The user has proved the address of this flow: it is verified from now on, and added where it is new
 * (hanko backend/flow_api/flow/shared/hook_email_persist_verified_status.go).
 */
export function confirmAddress(context: FlowContext, user: FakeUser): void {
  const { flow, caller, services } = context;
  const { store, mailer } = services;
  const { email: address = '' } = flow.data;
  const owner = store.userByEmail(address);
  // Somebody else was faster.
  if (owner !== undefined && owner.id !== user.id) throw new FlowProblem(FLOW_ERRORS.technical);
  const emails = user.emails ?? [];
  if (owner !== undefined) {
    const verified = emails.map((email) =>
      email.address === address ? { ...email, is_verified: true } : email,
    );
    store.setEmails(user, verified);
    return;
  }
  const changed = store.addEmail(user, address, true);
  tellOfUser(context, 'user.update.email.create', changed);
  mailer.notification('email_create', user, caller.language, { new_email_address: address });
}

/** Mails a code, or word of the attempt, whatever was mailed before. */
export function mailPasscode({ flow, caller, services }: FlowContext): void {
  const { email = '', mail = 'login' } = flow.data;
  const passcode = services.passcodes.create(email, isWithCode(mail));
  flow.learn({ passcode });
  services.mailer.passcode(mail, passcode, caller.language);
}

const isWithCode = (mail: string): boolean => !mail.endsWith('_attempted');
