import type { Login } from './login.js';

export function keepConnected(url: string, login: Login, onMessage: (data: unknown) => void) {
  let socket: WebSocket | undefined;
  let over: string | undefined; // the session that the server has ended
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  async function open() {
    close();
    try {
      const sessionId = await login.sessionId();
      close(); // what was opened meanwhile
      if (sessionId === null || sessionId === over) login.show();
      else connect(sessionId);
    } catch {
      later();
    }
  }

  function connect(sessionId: string) {
    const token = login.token();
    const mine = new WebSocket(url, token === null ? [] : ['hanko', `bearer.${token}`]);
    socket = mine;
    mine.addEventListener('open', () => (tries = 0));
    mine.addEventListener('message', ({ data }) => onMessage(data));
    mine.addEventListener('close', ({ code }) => {
      if (socket !== mine) return;
      if (code !== 4401) return later(); // the network, a restart, a refused handshake, or 1013
      over = sessionId;
      void open();
    });
  }

  function close() {
    clearTimeout(timer);
    const former = socket;
    socket = undefined;
    former?.close();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => void open(), Math.random() * Math.min(30_000, 1000 * 2 ** tries++));
  }

  void open();
  return { open, close }; // open() after each login, close() at each logout
}
