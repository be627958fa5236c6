import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import type { Scenario } from './flow-recordings.js';
import { decodeJws } from './raw-http.js';

/** A FakeHanko, a receiver of its mails, and the clock of both. */
export class Stage {
  now = 0;
  private running: FakeHanko | undefined;
  private readonly mails: Record<string, unknown>[] = [];
  private receiver: Server | undefined;

  async start(options: FakeHankoOptions): Promise<void> {
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        this.mails.push(decodeJws((JSON.parse(body) as { token: string }).token).claims);
        return response.end();
      });
    });
    this.receiver = receiver;
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    this.running = await FakeHanko.start({
      now: () => this.now,
      ...options,
      webhooks: [{ url: `http://127.0.0.1:${port}/hook`, events: ['email.send'] }],
    });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    const { receiver } = this;
    if (receiver?.listening) await new Promise((resolve) => receiver.close(resolve));
    this.mails.length = 0;
  }

  get hanko(): FakeHanko {
    if (this.running === undefined) throw new Error('It has not been started.');
    return this.running;
  }

  /** Takes the mails so far. */
  async takeMails(): Promise<readonly Record<string, unknown>[]> {
    await this.hanko.webhooksSettled();
    return this.mails.splice(0);
  }
}

/** The address that a recorded code was mailed to. */
export function mailedCodes(webhooks: Scenario['webhooks'] = []): ReadonlyMap<string, string> {
  const mails = webhooks.map(({ payload }) => payload.data as MailData);
  return new Map(mails.map(({ data, to_email_address: to }) => [String(data.otp_code), to]));
}

interface MailData {
  readonly subject: string;
  readonly to_email_address: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Without the texts, which the recorder cut, the name of the service, codes and times. */
export function mailShape(payload: Readonly<Record<string, unknown>>): unknown {
  const mail = payload.data as MailData;
  const { otp_code, service_name, valid_until, ...data } = mail.data;
  return {
    ...payload,
    iat: typeof payload.iat,
    exp: Number(payload.exp) - Number(payload.iat),
    data: {
      ...mail,
      body: typeof (mail as { body?: unknown }).body,
      body_plain: typeof (mail as { body_plain?: unknown }).body_plain,
      subject: mail.subject.replace(String(otp_code), '<code>'),
      data: { ...data, types: [otp_code, service_name, valid_until].map((value) => typeof value) },
    },
  };
}
