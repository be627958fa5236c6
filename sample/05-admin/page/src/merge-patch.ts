export type Json = { [name: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/**
 * What turns one object into the other, as a merge patch (RFC 7396): null removes a member. What is the same in both is
 * not in it, so what somebody else changes meanwhile stays.
 *
 * @returns undefined if nothing changes.
 */
export function mergePatch(before: Json, after: Json): Json | undefined {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...names].flatMap((name) => {
    const [from, to] = [before, after].map((it) => (Object.hasOwn(it, name) ? it[name] : null));
    if (isSame(from, to)) return [];
    if (isObject(from) && isObject(to)) {
      const inside = mergePatch(from, to);
      return inside ? [[name, inside]] : [];
    }
    return [[name, to]];
  });
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}
