import { describe, expect, it } from 'vitest';
import { documentedPath } from '../../../lib/swagger/documented-path.js';

describe('a path that Nest serves, as OpenAPI writes it', () => {
  it.each([
    ['/', '/'],
    ['/notes', '/notes'],
    ['/notes/:id', '/notes/{id}'],
    ['/flights/:from-:to.:format', '/flights/{from}-{to}.{format}'],
    ['/:größe/:$id', '/{größe}/{$id}'],
    ['/:"one name"', '/{one name}'],
    ['/files/*path', '/files/{path}'],
    ['/files{/*path}', '/files/{path}'],
    ['/files{/:part}/end', '/files/{part}/end'],
    ['/files/*', '/files/{}'],
    ['/files/(.*)', '/files/{}'],
    ['/files/+', '/files/{}'],
    ['/a/*/b/*/c', '/a/{}/b/{}/c'],
    ['/digits/:id(^\\d+$)', '/digits/{id}'],
    ['/a\\:colon/:id', '/a:colon/{id}'],
    ['/a::colon/:id', '/a:colon/{id}'],
    ['/a[:]colon/:id', '/a:colon/{id}'],
    ['/a\\{b\\}', '/a{b}'],
  ])('%s → %s', (served, documented) => {
    expect(documentedPath(served)).toBe(documented);
  });
});
