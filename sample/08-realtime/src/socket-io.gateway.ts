import {
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { CurrentUser, type HankoUser } from 'nestjs-hanko';
import type { Server, Socket } from 'socket.io';
import { Chat } from './chat.js';

/** Whoever is connected is signed in, also if they only listen: that is what `hankoSockets()` in main.ts does. */
@WebSocketGateway()
export class SocketIoGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(private readonly chat: Chat) {}

  afterInit(server: Server) {
    this.chat.said$.subscribe((message) => server.emit('said', message));
  }

  handleConnection(client: Socket) {
    for (const message of this.chat.latest) client.emit('said', message);
  }

  @SubscribeMessage('say')
  say(@CurrentUser() user: HankoUser, @MessageBody() text: unknown) {
    this.chat.say(user, text);
  }
}
