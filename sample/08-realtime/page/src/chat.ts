import '../../../shared/style.css';
import type { Connection, Listener } from './connection';
import { hanko, session } from './hanko';

/** The page, whatever the library of its connection. */
export function showChat(library: string, connect: (page: Listener) => Connection) {
  const main = document.querySelector('main') as HTMLElement;
  main.innerHTML = `
    <h1>A chat over ${library}</h1>
    <p role="status" class="notice"></p>
    <section class="card account"></section>
    <section class="card">
      <h2>Chat</h2>
      <p role="status" class="connection">Not connected.</p>
      <form class="line">
        <input aria-label="Message" placeholder="Message" required maxlength="500" />
        <button disabled>Send</button>
      </form>
      <ul class="notes" aria-live="polite"></ul>
      <p class="hint">
        Open this page in a second tab, and sign out in the first: the connection of the second ends at once.
      </p>
    </section>`;
  const find = (selector: string) => main.querySelector(selector) as HTMLElement;
  const input = find('input') as HTMLInputElement;
  const send = find('form button') as HTMLButtonElement;
  const notice = (text: string) => (find('.notice').textContent = text);

  function showConnection(text: string, isOpen = false) {
    find('.connection').textContent = text;
    send.disabled = !isOpen;
  }

  /** Whose connection it is. Another session is worth another try, the same one is not. */
  let sessionId: string | undefined;

  const connection = connect({
    opened() {
      // The server tells what there is.
      find('.notes').replaceChildren();
      showConnection(`Connected over ${library}.`, true);
    },
    said({ from, text }) {
      const author = document.createElement('strong');
      author.textContent = `${from}: `;
      const item = document.createElement('li');
      item.append(author, text);
      find('.notes').append(item);
    },
    refused: ({ message }) => notice(`The message was refused: ${message}.`),
    lost: () => showConnection('The connection is lost. Trying again…'),
    ended: (code) => void ended(code),
  });

  async function ended(code: string) {
    const before = sessionId;
    sessionId = undefined;
    const now = await session();
    if (now?.claims && now.claims.session_id !== before) return signedIn(now.claims); // by another tab
    signedOut('The server has ended the connection. Please sign in again.', `Ended: ${code}.`);
  }

  type Claims = NonNullable<NonNullable<Awaited<ReturnType<typeof session>>>['claims']>;

  function signedIn({ session_id, subject, email }: Claims) {
    sessionId = session_id;
    const greeting = document.createElement('h2');
    greeting.tabIndex = -1;
    greeting.textContent = `Hello ${email?.address ?? subject}`;
    const button = document.createElement('button');
    button.textContent = 'Sign out';
    button.addEventListener('click', () => void hanko.logout());
    find('.account').replaceChildren(greeting, button);
    greeting.focus();
    notice('');
    connection.open();
  }

  function signedOut(text: string, end = 'Not connected.') {
    sessionId = undefined;
    connection.close();
    find('.notes').replaceChildren();
    find('.account').replaceChildren(document.createElement('hanko-auth'));
    notice(text);
    showConnection(end);
  }

  find('form').addEventListener('submit', (event) => {
    event.preventDefault();
    connection.say(input.value);
    input.value = '';
  });

  async function load() {
    const now = await session();
    if (now?.claims) signedIn(now.claims);
    else signedOut(now ? '' : 'Hanko cannot be reached.');
  }
  hanko.onSessionCreated(() => void load());
  hanko.onSessionExpired(() => {
    // Mostly the server was faster, and says more.
    if (sessionId) signedOut('Your session has ended. Please sign in again.');
  });
  hanko.onUserLoggedOut(() => signedOut('You are signed out.'));
  hanko.onUserDeleted(() => signedOut('Your account is deleted.'));
  void load();
}
