import type { AdminServices } from './admin-services.js';
import { bind } from './binding.js';
import { UUID } from '../check.js';
import type { Fields } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest, type RouteResponse } from '../server/route.js';
import { METADATA_KINDS, type MetadataKind } from '../store/metadata.js';

const MUST_BE = 'patch metadata must be null or object';

/** What an app keeps about a user (hanko backend/handler/metadata_admin.go). */
export function metadataRoutes({ store }: AdminServices): readonly Route[] {
  const userIdOf = ({ params: { id = '' } }: RouteRequest): string => {
    if (!UUID.test(id)) throw new Problem(400, 'invalid user id');
    return id;
  };
  const answer = (userId: string): RouteResponse => {
    const metadata = store.metadata.of(userId.toLowerCase());
    return Object.keys(metadata).length === 0 ? { status: 204 } : { status: 200, body: metadata };
  };
  const known = (id: string): string => {
    const user = store.user(id);
    if (user === undefined) throw new Problem(404, 'user not found');
    return user.id;
  };
  const patch = (
    userId: string,
    patches: readonly (readonly [MetadataKind, Fields | null])[],
  ): void => {
    const before = store.metadata.of(userId);
    for (const [kind, change] of patches) {
      if (store.metadata.patch(userId, kind, change)) continue;
      // All or nothing.
      for (const it of METADATA_KINDS) store.metadata.patch(userId, it, null);
      for (const it of METADATA_KINDS) store.metadata.patch(userId, it, before[it] ?? null);
      const [name] = kind.split('_');
      throw new Problem(
        400,
        `metadata limit exceeded: ${name} metadata must not exceed 3000 characters`,
      );
    }
  };
  return [
    {
      method: 'GET',
      path: '/users/:id/metadata',
      handle: (request) => answer(known(userIdOf(request))),
    },
    {
      method: 'PATCH',
      path: '/users/:id/metadata',
      handle: (request) => {
        const id = userIdOf(request);
        const patches = patchesOf(request);
        const userId = known(id);
        if (request.body === '') throw new Problem(500, 'could not patch metadata');
        patch(userId, patches);
        return answer(userId);
      },
    },
  ];
}

/** A kind that is `{}` changes nothing, and null takes it away; so does null for all. */
function patchesOf(request: RouteRequest): readonly (readonly [MetadataKind, Fields | null])[] {
  if (request.body.trim() === 'null') return METADATA_KINDS.map((kind) => [kind, null]);
  const isList = request.body.trimStart().startsWith('[');
  const { body } = bind(isList ? { ...request, body: '{}' } : request, {}, (fields) => {
    const fault = isList ? MUST_BE : faultOf(fields);
    // Found while the body is read, not by the check that follows.
    if (fault !== undefined) throw new Problem(400, `${fault}, internal=${fault}`);
    return [];
  });
  return METADATA_KINDS.flatMap((kind) => {
    const change = body[kind] as Fields | null | undefined;
    const isNothing = change === undefined || (change && Object.keys(change).length === 0);
    return isNothing ? [] : [[kind, change] as const];
  });
}

function faultOf(body: Fields): string | undefined {
  const wrong = METADATA_KINDS.find((kind) => {
    const value = body[kind] ?? {};
    return typeof value !== 'object' || Array.isArray(value);
  });
  return wrong && `${wrong} must be an object or null`;
}
