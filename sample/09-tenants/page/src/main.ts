import '../../../shared/style.css';
import './style.css';
import { callApi, hanko, session, tenant } from './hanko';

type Note = { by: string; text: string };
type Answer = { name: string; host: string; answer: string };
type Claims = NonNullable<NonNullable<Awaited<ReturnType<typeof session>>>['claims']>;

const main = document.querySelector('main') as HTMLElement;
main.dataset.tenant = tenant.name;
document.title = tenant.name;
main.innerHTML = `
  <h1></h1>
  <p role="status" class="notice"></p>
  <section class="card account"></section>
  <div class="stack">
    <section class="card">
      <h2>Notes of this tenant</h2>
      <form class="line">
        <input aria-label="Note" placeholder="Note" required maxlength="500" />
        <button>Add</button>
      </form>
      <ul class="notes" aria-live="polite"></ul>
    </section>
    <section class="card">
      <h2>Your token, with each tenant</h2>
      <ul class="everywhere"></ul>
      <p class="hint">
        The other one has users, keys and sessions of its own. Whoever is Ada there is somebody else.
      </p>
    </section>
  </div>`;
const find = (selector: string) => main.querySelector(selector) as HTMLElement;
const input = find('input') as HTMLInputElement;
const stack = find('.stack');
const notice = (text: string) => (find('.notice').textContent = text);
find('h1').textContent = tenant.name;

/** Whose page it is now: what was asked for one must not be shown to the next. */
let me: string | undefined;

/** What users write stays text. */
function item(name: string, text: string, tag: 'strong' | 'a' = 'strong') {
  const first = document.createElement(tag);
  first.textContent = name;
  const line = document.createElement('li');
  line.append(first, text);
  return line;
}

const showNotes = (notes: unknown) =>
  find('.notes').replaceChildren(...(notes as Note[]).map(({ by, text }) => item(`${by}: `, text)));

const showEverywhere = (answers: unknown) =>
  find('.everywhere').replaceChildren(
    ...(answers as Answer[]).map(({ name, host, answer }) => {
      const line = item(name, '', 'a');
      // The pages of all tenants differ in nothing but the host name.
      const address = new URL(location.origin);
      address.hostname = host;
      (line.firstChild as HTMLAnchorElement).href = address.href;
      const verdict = document.createElement('code');
      verdict.textContent = answer;
      verdict.dataset.ok = String(answer === 'valid');
      line.append(verdict);
      return line;
    }),
  );

/** Makes a call, and shows what it brings if the same user is still there. */
async function load(path: string, show: (body: unknown) => void, json?: unknown) {
  const asker = me;
  const { status, body } = await callApi(path, json);
  if (asker === undefined || asker !== me) return;
  if (status === 401) signedOut('Your session has ended. Please sign in again.');
  else if (status >= 200 && status < 300 && body) show(body);
  else notice(`That did not work: ${status}.`);
}

function signedIn({ subject, session_id, email }: Claims) {
  me = session_id;
  const greeting = document.createElement('h2');
  greeting.tabIndex = -1;
  greeting.textContent = `Hello ${email?.address ?? subject}`;
  const id = document.createElement('p');
  id.className = 'hint';
  id.append('In this tenant you are ', code(subject));
  const button = document.createElement('button');
  button.textContent = 'Sign out';
  button.addEventListener('click', () => void hanko.logout());
  find('.account').replaceChildren(greeting, id, button);
  greeting.focus();
  notice('');
  stack.hidden = false;
  void load('notes', showNotes);
  void load('everywhere', showEverywhere);
}

function code(text: string) {
  const made = document.createElement('code');
  made.textContent = text;
  return made;
}

function signedOut(text: string) {
  me = undefined;
  stack.hidden = true;
  find('.notes').replaceChildren();
  find('.everywhere').replaceChildren();
  find('.account').replaceChildren(document.createElement('hanko-auth'));
  notice(text);
}

find('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void load('notes', showNotes, { text: input.value });
  input.value = '';
});

async function greet() {
  const now = await session();
  if (now?.claims) signedIn(now.claims);
  else signedOut(now ? '' : 'Hanko cannot be reached.');
}
hanko.onSessionCreated(() => void greet());
hanko.onSessionExpired(() => me && signedOut('Your session has ended. Please sign in again.'));
hanko.onUserLoggedOut(() => signedOut('You are signed out.'));
hanko.onUserDeleted(() => signedOut('Your account is deleted.'));
void greet();
