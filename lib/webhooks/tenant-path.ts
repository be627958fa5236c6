/** Stands in a path for the id of a tenant. */
export const TENANT_SEGMENT = ':tenant';

/**
 * Finds the tenant in the address of a request. The path is looked for at its end: a global prefix may stand before it.
 * @param path with one segment `:tenant`.
 */
export function tenantFinder(path: string): (url: string) => string | null {
  const pattern = path
    .replace(/^\//, '')
    .split('/')
    .map((segment) => (segment === TENANT_SEGMENT ? '([^/]+)' : escaped(segment)))
    .join('/');
  const address = new RegExp(`/${pattern}/?$`, 'i');
  return (url) => {
    const [pathname = ''] = url.split(/[?#]/, 1);
    const found = address.exec(pathname)?.[1];
    return found === undefined ? null : decoded(found);
  };
}

const escaped = (segment: string): string => segment.replaceAll(/[.*+?^${}()|[\]\\-]/g, '\\$&');

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
