/** What can be awaited and is no promise, as some libraries make it. */
export class Thenable<T> {
  constructor(private readonly value: T) {}

  // oxlint-disable-next-line unicorn/no-thenable -- as some libraries' promises are
  then(done: (value: T) => void): void {
    done(this.value);
  }
}
