import { io } from 'socket.io-client';
import type { Login } from './login.js';

export function keepConnected(url: string, login: Login) {
  const socket = io(url, {
    autoConnect: false,
    auth: (answer) => answer({ token: login.token() ?? undefined }), // asked at each connection
  });
  let sessionId: string | null = null;
  let over: string | null = null; // the session that the server has ended
  let why = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  async function open() {
    close();
    try {
      sessionId = await login.sessionId();
      close(); // what was opened meanwhile
      if (sessionId === null || sessionId === over) login.show();
      else socket.connect();
    } catch {
      later();
    }
  }

  function ended(code: string) {
    if (code === 'hanko_unavailable') return later();
    over = sessionId;
    void open();
  }

  function close() {
    clearTimeout(timer);
    socket.disconnect();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => void open(), Math.random() * Math.min(30_000, 1000 * 2 ** tries++));
  }

  socket.on('connect', () => {
    why = '';
    tries = 0;
  });
  socket.on('exception', ({ code }: { code: string }) => (why = code));
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') ended(why);
  });
  socket.on('connect_error', (error: Error & { data?: { code: string } }) => {
    if (!socket.active) ended(error.data?.code ?? ''); // else it tries again by itself
  });

  void open();
  return { socket, open, close }; // open() after each login, close() at each logout
}
