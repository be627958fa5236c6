import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildSettings {
  /** The script, seen from the folder of this file. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  /** The `node` that runs it. */
  readonly execPath: string;
}

/**
 * A process of its own that is asked one question at a time. It ends when its channel closes, so also
 * when this process ends, however that comes.
 */
export class Child implements AsyncDisposable {
  private constructor(private readonly process: ChildProcess) {}

  static start({ script, args = [], execArgv = [], execPath }: ChildSettings): Child {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
      execPath,
      execArgv: [...execArgv],
      // What was set for this process must not steer that one.
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
      serialization: 'advanced',
    });
    return new Child(child);
  }

  /** @throws Error if it ends, or says nothing within the time. */
  next<Answer>(timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.process.off('message', onMessage).off('exit', onExit);
        act();
      };
      const onMessage = (message: unknown): void => settle(() => resolve(message as Answer));
      const fail = (what: string): void =>
        settle(() => reject(new Error(`${this.process.spawnargs.slice(1).join(' ')} ${what}`)));
      const onExit = (code: number | null): void => fail(`ended with ${code}`);
      const timer = setTimeout(() => fail(`said nothing for ${timeoutMs} ms`), timeoutMs);
      this.process.on('message', onMessage).on('exit', onExit);
    });
  }

  ask<Answer>(question: object, timeoutMs: number): Promise<Answer> {
    const answer = this.next<Answer>(timeoutMs);
    this.process.send(question);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }
}

/** What the script of a child calls: answers questions until nobody can ask any more. */
export function answerQuestions(answer: (question: unknown) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (question) => {
    void answer(question).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
