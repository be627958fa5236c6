import { RUNNING_APPS } from '../hanko.constants.js';

/** What an app reports of itself. It may come from the other build of this package, or from another version. */
interface Reporter<Report> {
  report(): Report;
}

/** In one place for the process: instrumentation may load the other build than the app does. */
const registry = globalThis as { [RUNNING_APPS]?: Set<WeakRef<Reporter<unknown>>> };

/** @param app one that never closes is forgotten when nothing else holds it. */
export function addRunning(app: Reporter<unknown>): void {
  (registry[RUNNING_APPS] ??= new Set()).add(new WeakRef(app));
}

export function removeRunning(app: Reporter<unknown>): void {
  for (const entry of registry[RUNNING_APPS] ?? []) {
    const found = entry.deref();
    if (found === app || found === undefined) registry[RUNNING_APPS]?.delete(entry);
  }
}

/** The apps of this process that have started and are not closed. */
export function runningApps<Report>(): readonly Reporter<Report>[] {
  return [...(registry[RUNNING_APPS] ?? [])].flatMap(
    (entry) => (entry.deref() as Reporter<Report> | undefined) ?? [],
  );
}
