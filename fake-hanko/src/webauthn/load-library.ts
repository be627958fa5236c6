export type Library = typeof import('./library.js');

/** The first passkey pays for it, and no start of a server. */
export const loadLibrary = (): Promise<Library> => import('./library.js');
