import { session, sessionToken } from './hanko';

/** The close code of a session that is over; the reason is the error's code. */
const SESSION_OVER = 4401;

/**
 * A socket for as long as somebody is signed in. The server closes it when their session ends, and this page then knows it
 * without a question.
 */
export function liveSocket(
  show: (text: string, isOpen: boolean) => void,
  ended: (code: string) => void,
) {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  function open() {
    close();
    const token = sessionToken();
    // A WebSocket of a browser has no header fields. Not into the address: addresses are logged.
    const protocols = token ? ['hanko', `bearer.${token}`] : [];
    const mine = new WebSocket(`${location.origin.replace('http', 'ws')}/admin/live`, protocols);
    socket = mine;
    mine.addEventListener('open', () => {
      tries = 0;
      show('Connected.', true);
    });
    mine.addEventListener('close', ({ code, reason }) => {
      if (socket !== mine) return; // closed by this page
      if (code === SESSION_OVER) return ended(reason);
      show('The connection is lost. Trying again…', false);
      // By chance, or all pages come back at one moment.
      timer = setTimeout(again, Math.random() * Math.min(30_000, 1000 * 2 ** tries++));
    });
  }

  /** A browser does not tell why a handshake was refused, so Hanko is asked before the next try. */
  async function again() {
    const lost = socket;
    const isOver = (await session())?.is_valid === false;
    if (socket !== lost) return; // closed, or opened, meanwhile
    if (isOver) ended('session_revoked');
    else open();
  }

  function close() {
    clearTimeout(timer);
    const former = socket;
    socket = undefined;
    former?.close();
  }
  return { open, close };
}
