import {
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { CurrentUser, type HankoUser } from 'nestjs-hanko';
import type { WebSocket, WebSocketServer } from 'ws';
import { Chat, type Message } from './chat.js';

/** Whoever is connected is signed in, also if they only listen: that is what `hankoSockets()` in main.ts does. */
@WebSocketGateway()
export class WsGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(private readonly chat: Chat) {}

  afterInit(server: WebSocketServer) {
    this.chat.said$.subscribe((message) => {
      for (const client of server.clients) tell(client, message);
    });
  }

  handleConnection(client: WebSocket) {
    for (const message of this.chat.latest) tell(client, message);
  }

  @SubscribeMessage('say')
  say(@CurrentUser() user: HankoUser, @MessageBody() text: unknown) {
    this.chat.say(user, text);
  }
}

/** To `ws` a message is a text; Nest's are in this form. */
const tell = (client: WebSocket, data: Message) =>
  client.send(JSON.stringify({ event: 'said', data }));
