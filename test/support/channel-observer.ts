import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { beforeEach } from 'vitest';
import { writeLogTo } from './log.js';

/** What operators see in a test: the messages of a diagnostics channel, and the log. */
export class ChannelObserver<Message> {
  /** Without `durationMs`, which differs each time. */
  readonly messages: Message[] = [];
  readonly durations: (number | undefined)[] = [];
  readonly log: string[] = [];

  constructor(private readonly channel: string) {}

  /**
   * To be called once, for each file of tests: begins anew before each test, and ends after it. What a module of
   * support does while it is loaded happens once for many files, and each has a logger of its own.
   */
  watch(): this {
    beforeEach(() => {
      this.clear();
      const listener = (message: unknown): void => this.see(message as Message);
      subscribe(this.channel, listener);
      writeLogTo(this.log);
      return () => void unsubscribe(this.channel, listener);
    });
    return this;
  }

  clear(): void {
    this.messages.length = 0;
    this.durations.length = 0;
    this.log.length = 0;
  }

  protected see(message: Message): void {
    const { durationMs, ...rest } = message as Message & { durationMs?: number };
    this.durations.push(durationMs);
    this.messages.push(rest as Message);
  }
}
