import '../../../shared/style.css';
import './style.css';
import { showAuditLog } from './audit-log';
import { button, element, heading } from './elements';
import { type Answer, callApi, hanko, session } from './hanko';
import { liveSocket } from './live';
import { showUser } from './user';
import { showUsers } from './users';
import type { Page } from './view';

const notice = element('p', { className: 'notice', role: 'status' });
const account = element('section', { className: 'card account' });
const tabs = element(
  'nav',
  { className: 'tabs', ariaLabel: 'Administration' },
  element('a', { href: '#users' }, 'Users'),
  element('a', { href: '#audit-log' }, 'Audit log'),
);
const content = element('div', { className: 'content' });
document
  .querySelector('main')
  ?.append(element('h1', {}, 'Administration'), notice, account, tabs, content);

const tell = (text: string) => (notice.textContent = text);

type Claims = NonNullable<NonNullable<Awaited<ReturnType<typeof session>>>['claims']>;

/** Who is signed in. What was fetched for one must not be shown to the next. */
let me: Claims | undefined;

const connection = element('span', { className: 'connection', role: 'status' });
const live = liveSocket(
  (text, isOpen) => {
    connection.textContent = text;
    connection.dataset.isOpen = String(isOpen);
  },
  (code) => void ended(code),
);

/** The server has closed the socket. Another tab may have signed in again meanwhile. */
async function ended(code: string) {
  const before = me;
  const now = await session();
  if (me !== before) return; // it was the user who left
  if (now?.claims && now.claims.session_id !== before?.session_id) return signedIn(now.claims);
  signedOut(`The server has ended your session: ${code}.`);
}

function signedIn(claims: Claims) {
  const isOther = me?.subject !== claims.subject;
  me = claims;
  const greeting = heading(`Hello ${claims.email?.address ?? claims.subject}`);
  account.replaceChildren(
    greeting,
    connection,
    button('Sign out', () => void hanko.logout()),
  );
  account.classList.add('is-bar');
  live.open();
  // For the same user a call is under way that the new login is for.
  if (!isOther) return;
  tell('');
  greeting.focus();
  void route();
}

function signedOut(text: string) {
  me = undefined;
  live.close();
  replaceContent(hint());
  tabs.hidden = true;
  account.classList.remove('is-bar');
  account.replaceChildren(document.createElement('hanko-auth'));
  tell(text);
}

const hint = () =>
  element(
    'section',
    { className: 'card' },
    element('h2', {}, 'For administrators'),
    element(
      'p',
      {},
      'That is who has the role admin in their public metadata, and signed in with a second factor or a passkey.',
    ),
    element(
      'p',
      {},
      'Open this page in a private window too, sign in there as anybody else, and end that session here: the window is out at once, and so is its socket.',
    ),
  );

/** Shows what the address names. */
async function route() {
  if (!me) return;
  const [name = '', search] = location.hash.slice(1).split('?');
  const query = new URLSearchParams(search);
  const page = pageOf(me);
  content.inert = true; // until the new view is there: nobody shall press a button of the old one
  tabs.hidden = false;
  for (const link of tabs.querySelectorAll('a')) {
    const isHere = link.hash === (name === 'audit-log' ? '#audit-log' : '#users');
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (name.startsWith('user/')) await showUser(page, name.slice('user/'.length));
  else if (name === 'audit-log') await showAuditLog(page, query);
  else await showUsers(page, query);
}

function replaceContent(...children: readonly Node[]) {
  content.inert = false;
  content.classList.toggle('is-user', children.length > 1);
  content.replaceChildren(...children);
}

let latest = 0;

function pageOf({ subject }: Claims): Page {
  const mine = (latest += 1);
  const isHere = () => me?.subject === subject && mine === latest;
  return {
    isMine: (sessionId) => sessionId === me?.session_id,
    tell(text) {
      if (isHere()) tell(text);
    },
    go(hash) {
      tell('');
      if (location.hash === `#${hash}`) void route();
      else location.hash = hash;
    },
    show(...children) {
      if (!isHere()) return;
      replaceContent(...children);
      content.querySelector('h2')?.focus();
    },
    async call<Body>(path: string, method?: string, json?: unknown) {
      const answer = await callApi<Body>(path, method, json);
      if (!isHere()) return undefined;
      if (answer.status < 300 && answer.status > 0) return answer.body;
      // Nobody shall take somebody else, who is still shown, for the one who was asked for.
      if (method === undefined) replaceContent();
      refused(answer);
      return undefined;
    },
  };
}

function refused({ status, body, advice }: Answer) {
  const { code, message } = Object(body) as { code?: string; message?: string };
  if (advice) {
    // They need a second factor, and here they can set one up.
    const again = button('Try again', () => void route());
    replaceContent(
      element('section', { className: 'card' }, element('p', {}, advice), again),
      element('section', { className: 'card' }, document.createElement('hanko-profile')),
    );
    tabs.hidden = true;
  } else if (status === 401) {
    signedOut('Your session has ended. Please sign in again.');
  } else if (code === 'requirement_not_met') {
    tabs.hidden = true;
    replaceContent(hint());
    tell('You are no administrator. If somebody has just made you one, sign in again.');
  } else if (code === 'not_found') {
    tell('Hanko does not have that, or not any more.');
  } else {
    tell(`That did not work: ${message ?? status}`);
  }
}

async function load() {
  const now = await session();
  if (now?.claims) signedIn(now.claims);
  else signedOut(now ? '' : 'Hanko cannot be reached.');
}

addEventListener('hashchange', () => {
  tell('');
  void route();
});
hanko.onSessionCreated(() => void load());
hanko.onSessionExpired(() => me && void ended('token_expired'));
hanko.onUserLoggedOut(() => signedOut('You are signed out.'));
hanko.onUserDeleted(() => signedOut('Your account is deleted.'));
void load();
