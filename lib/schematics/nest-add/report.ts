/** What was done, what a person has to do, and how to go on. */
export class Report {
  readonly #done: string[] = [];
  readonly #todo: string[] = [];
  readonly #next: string[] = [];

  did(text: string): void {
    this.#done.push(text);
  }

  todo(text: string): void {
    this.#todo.push(text);
  }

  next(text: string): void {
    this.#next.push(text);
  }

  get hasChanges(): boolean {
    return this.#done.length > 0;
  }

  printTo(logger: { info(text: string): void; warn(text: string): void }): void {
    const list = (texts: readonly string[]): string => texts.map((it) => `\n- ${it}`).join('');
    if (this.#done.length > 0) logger.info(`nestjs-hanko writes:${list(this.#done)}`);
    else logger.info('nestjs-hanko has nothing to write.');
    if (this.#todo.length > 0) logger.warn(`Left for you to do:${list(this.#todo)}`);
    if (this.#next.length > 0) logger.info(`How to go on:${list(this.#next)}`);
  }
}
