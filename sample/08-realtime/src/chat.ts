import type { HankoUser } from 'nestjs-hanko';
import { Subject } from 'rxjs';

export interface Message {
  id: string;
  from: string;
  text: string;
}

/** What is said. An app of several instances has Redis there, or the like. */
export class Chat {
  readonly said$ = new Subject<Message>();
  latest: readonly Message[] = [];

  say({ id, email }: HankoUser, text: unknown) {
    const message = {
      id: crypto.randomUUID(),
      from: email?.address ?? id,
      text: String(text).slice(0, 500),
    };
    this.latest = [...this.latest, message].slice(-50);
    this.said$.next(message);
  }
}
