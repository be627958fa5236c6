import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { HankoAuthService } from 'nestjs-hanko';
import type { WebSocket } from 'ws';

/**
 * Held open by the page of whoever is signed in, administrator or not. It ends with their session, which is what
 * `hankoSockets()` in main.ts does: the page learns it at once.
 */
@WebSocketGateway({ path: '/admin/live' })
export class LiveGateway implements OnGatewayConnection {
  private readonly sessions = new Map<WebSocket, string>();

  constructor(private readonly auth: HankoAuthService) {}

  async handleConnection(client: WebSocket) {
    client.once('close', () => this.sessions.delete(client));
    try {
      const { sessionId } = await this.auth.authenticate(client);
      if (client.readyState === client.OPEN) this.sessions.set(client, sessionId);
    } catch {
      client.close(4401); // it has ended meanwhile; what is not caught here ends the process
    }
  }

  /** How many sockets of a session are open, at this instance. */
  count(sessionId: string) {
    return [...this.sessions.values()].filter((id) => id === sessionId).length;
  }
}
