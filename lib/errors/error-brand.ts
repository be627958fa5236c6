import { HANKO_ERROR } from '../hanko.constants.js';

/** Not enumerable, and on the prototype: it does not show in logs and JSON. */
export function brand(errorClass: Function): void {
  Object.defineProperty(errorClass.prototype, HANKO_ERROR, { value: true });
}
