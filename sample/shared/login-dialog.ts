import type { Hanko } from '@teamhanko/hanko-elements';
import { callWithStepUp, type NewLogin } from './step-up';

/** Makes a call. If the API demands a better login, the user is asked for one, and the call is repeated. */
export const withStepUp = <Answer extends { body: unknown }>(
  hanko: Hanko,
  call: () => Promise<Answer>,
) => callWithStepUp(call, (why) => signInAgain(hanko, why));

let open: Promise<NewLogin> | undefined;

/** Calls that are refused together share one dialog. */
const signInAgain = (hanko: Hanko, why: string): Promise<NewLogin> =>
  (open ??= showDialog(hanko, why).finally(() => (open = undefined)));

/**
 * Shows Hanko's own login above the page, and says why. Nobody is signed out for it: the login flow does not
 * look at the present session. Whoever cancels still has theirs; else the new token takes its place.
 */
async function showDialog(hanko: Hanko, why: string): Promise<NewLogin> {
  const before = (await hanko.validateSession().catch(() => undefined))?.claims;
  const dialog = document.createElement('dialog');
  dialog.className = 'card login';
  dialog.innerHTML = `
    <h2 id="login-title" tabindex="-1" autofocus>Please sign in again</h2>
    <p id="login-why" role="status"></p>
    <hanko-login></hanko-login>
    <button>Not now</button>`;
  const find = (selector: string) => dialog.querySelector(selector) as HTMLElement;
  dialog.setAttribute('aria-labelledby', 'login-title');
  dialog.setAttribute('aria-describedby', 'login-why');
  find('hanko-login').setAttribute('prefilled-email', before?.email?.address ?? '');
  find('button').addEventListener('click', () => dialog.close());

  return new Promise((resolve) => {
    let outcome: NewLogin = 'cancelled';
    const stop = hanko.onSessionCreated(({ claims }) => {
      const isSame = before?.subject === claims.subject; // not known: no
      outcome = isSame ? 'done' : 'maybe somebody else';
      if (before && isSame) void endSession(hanko, before.session_id).catch(() => undefined);
      dialog.close();
    });
    // However it closed, Escape included. The browser gives the focus back to where it was.
    dialog.addEventListener('close', () => {
      stop();
      dialog.remove();
      resolve(outcome);
    });
    document.body.append(dialog);
    dialog.showModal();
    find('#login-why').textContent = why; // late: so it is a change, and read out
  });
}

/**
 * Ends the session that the new one replaces. Left alone it would live on, and a user has five by
 * default: the next one ends the oldest, which may be the one on their phone.
 */
async function endSession(hanko: Hanko, id: string) {
  const quiet = { dispatchAfterStateChangeEvent: false }; // <hanko-profile> has a flow of its own
  const profile = await hanko.createState('profile', { ...quiet, loadFromCache: false });
  if (profile.name !== 'profile_init') return;
  await profile.actions.session_delete?.run({ session_id: id } as never, quiet); // never: a slip in the SDK's types
}
