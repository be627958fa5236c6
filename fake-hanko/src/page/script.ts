/** Runs in the browser. All that comes from users is set as text, never as markup. */
export const SCRIPT = `const byId = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const say = (text) => { byId('status').textContent = text; };
const timeOf = (at) => new Date(at).toLocaleTimeString();
let prefix = '';

async function ask(method, path, body) {
  const response = await fetch(prefix + path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(method + ' ' + path + ': ' + response.status);
  return response.status === 204 ? null : response.json();
}

function button(text, label, run) {
  const element = make('button', text);
  element.type = 'button';
  element.setAttribute('aria-label', label);
  element.addEventListener('click', () => {
    run().catch((error) => say(error.message)).finally(() => void refresh(true));
  });
  return element;
}

function mailItem(mail) {
  const item = make('li');
  item.append(make('h3', mail.subject));
  item.append(make('p', 'To ' + mail.to + ', ' + timeOf(mail.at), 'quiet'));
  if (mail.passcode) item.append(make('p', mail.passcode, 'code'));
  const details = make('details');
  details.append(make('summary', 'Text'), make('p', mail.text, 'text'));
  item.append(details);
  return item;
}

function sessionItem(user, name, session) {
  const item = make('li');
  const agent = session.user_agent ? ', ' + session.user_agent : '';
  item.append(make('span', 'Since ' + timeOf(session.created_at) + ', used ' + timeOf(session.last_used) + agent, 'quiet'));
  item.append(button('End', 'End this session of ' + name, async () => {
    await ask('DELETE', '/users/' + user.id + '/sessions/' + session.id);
    say('A session of ' + name + ' has ended.');
  }));
  return item;
}

function userItem(user) {
  const item = make('li');
  const name = user.names[0] ?? user.id;
  item.append(make('h3', user.names.join(', ') || 'No address and no name'));
  item.append(make('p', [user.id, ...user.means].join(', '), 'quiet'));
  item.append(button('Make a token', 'Make a token for ' + name, async () => {
    const answer = await ask('POST', '/sessions', { user_id: user.id });
    byId('token').value = answer.session_token;
    byId('token-section').hidden = false;
    byId('token').focus();
    byId('token').select();
    say('A session of ' + name + ' has begun.');
  }));
  if (user.sessions.length > 0) {
    const list = make('ul');
    list.setAttribute('aria-label', 'Sessions of ' + name);
    list.append(...user.sessions.map((session) => sessionItem(user, name, session)));
    item.append(list);
  }
  return item;
}

let last = '';
async function refresh(isForced) {
  try {
    const response = await fetch('/fake-hanko/state');
    const text = await response.text();
    // Else it would be drawn anew under the reader's hands.
    if (text === last && !isForced) return;
    const open = new Set([...document.querySelectorAll('details[open]')].map((it) => it.dataset.key));
    last = text;
    const state = JSON.parse(text);
    prefix = state.prefix;
    byId('url').textContent = state.url;
    byId('no-mails').hidden = state.mails.length > 0;
    byId('no-users').hidden = state.users.length > 0;
    byId('mails').replaceChildren(...state.mails.map((mail) => {
      const item = mailItem(mail);
      const details = item.querySelector('details');
      details.dataset.key = mail.at + mail.to;
      details.open = open.has(details.dataset.key);
      return item;
    }));
    const focused = document.activeElement?.getAttribute('aria-label');
    byId('users').replaceChildren(...state.users.map(userItem));
    if (focused) [...document.querySelectorAll('button')].find((it) => it.getAttribute('aria-label') === focused)?.focus();
  } catch {
    say('fake-hanko does not respond. Has it ended?');
  }
}

byId('copy').addEventListener('click', () => {
  navigator.clipboard.writeText(byId('token').value).then(() => say('Copied.'), (error) => say(error.message));
});
void refresh(true);
setInterval(() => void refresh(false), 2000);
`;
