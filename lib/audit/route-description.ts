import type { RequireAuthOptions } from '../auth/require-auth-options.js';

/** One handler that the outside can call, and what protects it. */
export interface HankoRouteDescription {
  /**
   * Kind of call that reaches the handler: a request (`http`), a message to a WebSocket gateway (`gateway`), an operation
   * or field of GraphQL (`resolver`), a call of gRPC (`grpc`), or a message or event of another microservice (`message`).
   */
  readonly kind: 'http' | 'gateway' | 'resolver' | 'grpc' | 'message';
  /**
   * How it is called, by `kind`:
   * - `http`: `GET /api/notes/:id`. Global prefix, module prefixes and versions are in it; a host, and a version that the
   *   path does not say, stand behind it: `GET /notes (version 2)`. So does what streams: `GET /events (sse)`.
   * - `gateway`: `SUBSCRIBE /chat send`: namespace or path, and message; `CONNECT /chat`, or `CONNECT :8081/chat` on a port of
   *   its own, for the connection itself.
   * - `resolver`: `QUERY notes`, `MUTATION addNote`, `SUBSCRIPTION noteAdded`, `FIELD Note.author`, and `REFERENCE Note`,
   *   which is how a federated graph finds an entity (`_entities`).
   * - `grpc`: `GRPC NotesService/Find`.
   * - `message`: `MESSAGE sum` or `EVENT created`.
   */
  readonly route: string;
  /** Class and method, such as `NotesController.remove`. Of the connections of a gateway: its class. */
  readonly handler: string;
  /**
   * Who is allowed by this package: everybody (`public`), everybody without an invalid credential (`optional`), users
   * (`required`), or whoever other guards allow, because no `HankoAuthGuard` runs (`unguarded`). A field resolver for
   * which no guard runs is reached only by callers who received its object (`parent`): Nest runs guards for it only with
   * `fieldResolverEnhancers: ['guards']`. Of connections it says whom `hankoSockets()` lets in: everybody without it
   * (`unguarded`).
   */
  readonly access: 'public' | 'optional' | 'required' | 'unguarded' | 'parent';
  /** Demands of `@RequireAuth()` on handler and class. Empty unless `access` is `required`. */
  readonly demands: RequireAuthOptions;
  /** Names of other guards that run for it, in order. Whom they allow is not known here. */
  readonly otherGuards: readonly string[];
  /** Probable mistakes, each with its fix, in sentences. They are also logged when the app starts. */
  readonly problems: readonly string[];
  /** Remarks that are not mistakes, in sentences, such as a guard with a `canActivate()` of its own. */
  readonly notes: readonly string[];
}
