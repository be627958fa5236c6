import { io } from 'socket.io-client';
import { showChat } from './chat';
import { type Connection, delayMs, type Listener, type Message, type Refusal } from './connection';
import { sessionToken } from './hanko';

/** Over socket.io, which connects again by itself where the network was lost, and nowhere else. */
function overSocketIo(page: Listener): Connection {
  const socket = io({
    autoConnect: false,
    // A function: asked at each connection, so a new login counts. In cookie mode the cookie goes along.
    auth: (answer) => answer({ token: sessionToken() ?? undefined }),
  });
  let why = ''; // it was disconnected: the code of the exception before
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function ended(code: string) {
    if (code !== 'hanko_unavailable') return page.ended(code);
    // Nobody could say whether the session is alive. It may be.
    page.lost();
    timer = setTimeout(() => socket.connect(), delayMs(tries++));
  }

  socket.on('connect', () => {
    why = '';
    tries = 0;
    page.opened();
  });
  socket.on('said', (message: Message) => page.said(message));
  socket.on('exception', (refusal: Refusal) => {
    why = refusal.code;
    page.refused(refusal);
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') ended(why);
    else if (socket.active) page.lost();
  });
  socket.on('connect_error', (error: Error & { data?: Refusal }) => {
    if (socket.active) page.lost();
    else ended(error.data?.code ?? error.message);
  });

  function close() {
    clearTimeout(timer);
    socket.disconnect();
  }
  return {
    open() {
      close();
      socket.connect();
    },
    close,
    say: (text) => socket.emit('say', text),
  };
}

showChat('socket.io', overSocketIo);
