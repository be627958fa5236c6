import { Metadata } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import type { ClientGrpc, ClientProxy } from '@nestjs/microservices';
import type { Observable } from 'rxjs';

/** Calls over TCP, in the name of a user. */
@Injectable()
export class NotesClient {
  private readonly tokens = new WeakMap<object, string>();

  constructor(@Inject('NOTES') private readonly client: ClientProxy) {
    // One hook serves all calls: whose a packet is, its data tells.
    client.setOnDispatchHook((packet) => {
      const token = this.tokens.get(packet.data);
      if (token) packet.metadata = { authorization: `Bearer ${token}` };
    });
  }

  /** @param data an object of this call alone */
  send(pattern: string, data: object, token: string): Observable<unknown> {
    this.tokens.set(data, token);
    return this.client.send(pattern, data);
  }
}

interface Billing {
  card(request: object, metadata: Metadata): Observable<{ customer: string; card: string }>;
}

/** Calls over gRPC, in the name of a user. */
@Injectable()
export class BillingClient {
  private readonly service: Billing;

  constructor(@Inject('BILLING') client: ClientGrpc) {
    this.service = client.getService<Billing>('Billing');
  }

  card(token: string) {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return this.service.card({}, metadata);
  }
}
