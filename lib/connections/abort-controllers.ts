import { setMaxListeners } from 'node:events';

/** One that has aborted has, though its session may live: nobody could be asked for too long. */
export const usable = (controller: AbortController | undefined): AbortController | undefined =>
  controller?.signal.aborted === true ? undefined : controller;

/** Whoever has many streams has many listeners. */
export function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
