import type { RequireAuthOptions } from '../auth/require-auth-options.js';

/** One handler that the outside can call, and what protects it. */
export interface HankoRouteDescription {
  /** Kind of call that reaches the handler: a request, a WebSocket message, or a message or event of a microservice. */
  readonly kind: 'http' | 'gateway' | 'message';
  /**
   * How it is called: `GET /api/notes/:id`, `SUBSCRIBE /chat send` (namespace or path, and message), `MESSAGE sum` or
   * `EVENT created`. Global prefix, module prefixes and versions are in it; a host, and a version that the
   * path does not say, stand behind it: `GET /notes (version 2)`.
   */
  readonly route: string;
  /** Class and method, such as `NotesController.remove`. */
  readonly handler: string;
  /**
   * Who is allowed by this package: everybody (`public`), everybody without an invalid credential (`optional`), users
   * (`required`), or whoever other guards allow, because no `HankoAuthGuard` runs (`unguarded`).
   */
  readonly access: 'public' | 'optional' | 'required' | 'unguarded';
  /** Demands of `@RequireAuth()` on handler and class. Empty unless `access` is `required`. */
  readonly demands: RequireAuthOptions;
  /** Names of other guards that run for it, in order. Whom they allow is not known here. */
  readonly otherGuards: readonly string[];
  /** Probable mistakes, each with its fix, in sentences. They are also logged when the app starts. */
  readonly problems: readonly string[];
  /** Remarks that are not mistakes, in sentences, such as a guard with a `canActivate()` of its own. */
  readonly notes: readonly string[];
}
