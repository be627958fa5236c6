import type { FakeMail } from './records.js';
import { rfc3339 } from '../time.js';

const MAX_MAILS = 100;

/** The mails that Hanko would have sent, newest first. */
export class MailBox {
  private readonly all: (FakeMail & { readonly at: string })[] = [];

  constructor(private readonly now: () => number) {}

  add(mail: FakeMail): void {
    if (this.all.length >= MAX_MAILS) this.all.pop();
    this.all.unshift({ ...mail, at: rfc3339(this.now()) });
  }

  get mails(): readonly (FakeMail & { readonly at: string })[] {
    return this.all;
  }
}
