import { showChat } from './chat';
import { type Connection, delayMs, type Listener } from './connection';
import { session, sessionToken } from './hanko';

/** The close code of a session that is over; the reason is the error's code. */
const SESSION_OVER = 4401;

/** Over ws: a WebSocket of the browser, which connects again only if somebody does it. */
function overWs(page: Listener): Connection {
  let socket: WebSocket | undefined;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function open() {
    close();
    const token = sessionToken();
    // A WebSocket of a browser has no header fields. Not into the address: addresses are logged.
    const protocols = token ? ['hanko', `bearer.${token}`] : [];
    const mine = new WebSocket(location.origin.replace('http', 'ws'), protocols);
    socket = mine;
    mine.addEventListener('open', () => {
      tries = 0;
      page.opened();
    });
    mine.addEventListener('message', ({ data }) => {
      const { event, data: body } = JSON.parse(data);
      if (event === 'said') page.said(body);
      if (event === 'exception') page.refused(body);
    });
    mine.addEventListener('close', ({ code, reason }) => {
      if (socket !== mine) return; // closed by this page
      if (code === SESSION_OVER) return page.ended(reason);
      // 1013: nobody could say whether the session is alive. 1006: the network, or a handshake that was
      // refused. A browser does not tell which, so Hanko is asked before the next try.
      page.lost();
      timer = setTimeout(again, delayMs(tries++));
    });
  }

  async function again() {
    const lost = socket;
    const isOver = (await session())?.is_valid === false;
    if (socket !== lost) return; // closed, or opened, meanwhile
    if (isOver) page.ended('session_revoked');
    else open();
  }

  function close() {
    clearTimeout(timer);
    const former = socket;
    socket = undefined;
    former?.close();
  }
  return {
    open,
    close,
    say: (text) => socket?.send(JSON.stringify({ event: 'say', data: text })),
  };
}

showChat('ws', overWs);
