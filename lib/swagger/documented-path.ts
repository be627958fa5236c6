/**
 * How OpenAPI writes a path that Nest serves: `/notes/{id}` for `/notes/:id`, `/files/{path}` for `/files/*path` and
 * `/files{/*path}`, without Fastify's `(^\\d+$)`, and `:` for `\:`, `::` and `[:]`. Wildcards without a name become
 * `{}`: which name they get is up to Nest.
 */
export const documentedPath = (path: string): string =>
  withoutEnd(
    path
      .replace(/\\(.)/g, (_escape, character: string) => kept(character))
      .replace(/::|\[:\]/g, kept(':'))
      .replace(/\(\^[^)]+\)/g, '')
      .replace(/\(\.\*\)/g, '*')
      .replace(/[{}]/g, '')
      // Nest still takes such an end for a wildcard.
      .replace(/\/\+$/, '/*')
      .replace(/[:*](?:"([^"]+)"|([\p{ID_Start}$_][\p{ID_Continue}$]*))|\*/gu, (...match) => {
        const [, quoted, plain] = match as (string | undefined)[];
        return `{${quoted ?? plain ?? ''}}`;
      })
      .replace(/\0(\d+)\0/g, (_kept, code: string) => String.fromCharCode(Number(code))),
  );

export const namelessPath = (path: string): string => path.replace(/\{[^}]*\}/g, '{}');

export const withoutEnd = (path: string): string => path.replace(/\/+$/, '') || '/';

/** Hidden from the replacements that follow. */
const kept = (character: string): string => `\0${character.charCodeAt(0)}\0`;
