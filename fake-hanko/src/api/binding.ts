import { UUID, UUID_V4 } from '../check.js';
import { checkDepth, type Fields, readFields } from '../server/json-body.js';
import { Problem, type RouteRequest } from '../server/route.js';

/** A parameter of the path, by the name of the field in Hanko that it is bound to. */
type PathIds = Readonly<Record<string, 'uuid' | 'uuid4' | 'text'>>;

/** What a request is bound to. */
export interface Bound {
  readonly ids: Readonly<Record<string, string>>;
  readonly body: Fields;
}

/**
 * Reads a request as Hanko's shared loader does (hanko backend/handler/utils.go): a fault of the body is reported
 * inside of another, and a field of the body named like the one of a path parameter overrides that parameter.
 * @param check what must hold of the body: the faults that it finds are reported together with those of the ids.
 * @throws Problem 400, also for a body that is not JSON.
 */
export function bind(
  request: RouteRequest,
  wanted: PathIds,
  check: (body: Fields) => readonly string[] = () => [],
): Bound {
  const body = twice(() => {
    // Go counts a chunked body as one that is there, even an empty one.
    const isChunked = request.raw.headers['transfer-encoding'] !== undefined;
    if (request.body === '' && isChunked) throw new Problem(415, 'Unsupported Media Type');
    checkDepth(request.body);
    return readFields(request);
  });
  const given = Object.values(request.params);
  const ids = Object.fromEntries(
    Object.keys(wanted).map((name, index) => [name, overridden(body, name) ?? given[index] ?? '']),
  );
  const faults = [
    ...Object.entries(wanted).flatMap(([name, kind]) => faultsOfId(name, kind, ids[name] ?? '')),
    ...twice(() => check(body)),
  ];
  if (faults.length > 0) throw wrapped(new Problem(400, faults.join(' and ')));
  return { ids, body };
}

function overridden(body: Fields, name: string): string | undefined {
  // Go takes names in any case.
  const [, value] =
    Object.entries(body).find(([it]) => it.toLowerCase() === name.toLowerCase()) ?? [];
  return typeof value === 'string' ? value : undefined;
}

function faultsOfId(name: string, kind: PathIds[string], id: string): readonly string[] {
  if (kind === 'text' || (kind === 'uuid' ? UUID : UUID_V4).test(id)) return [];
  return [`${name} must be a valid ${kind}`];
}

function twice<T>(read: () => T): T {
  try {
    return read();
  } catch (problem) {
    throw problem instanceof Problem ? wrapped(problem) : problem;
  }
}

const wrapped = ({ status, message }: Problem): Problem =>
  new Problem(400, `code=${status}, message=${message}`);
