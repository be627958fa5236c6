/**
 * Paths as the adapters and as OpenAPI write them (`:id`, `{id}`), made comparable: parameters lose their names,
 * as `@nestjs/swagger` and Nest give names to wildcards without one.
 */

/** Of a path as Nest has it: `/notes/:id`, `/files/*path`, `/files{/*path}`, and Fastify's `:id(^\\d+$)` and `::`. */
export const servedShape = (path: string): string =>
  trimmed(
    path
      .replace(/\\(.)/g, (_escaped, character: string) => escaped(character))
      .replace(/::|\[:\]/g, escaped(':'))
      .replace(/\(\^[^)]+\)/g, '')
      .replace(/\(\.\*\)/g, '*')
      .replace(/[{}]/g, '')
      // Nest 11 and 12 still take such an end for a wildcard.
      .replace(/\/\+$/, '/*')
      .replace(/[:*](?:"[^"]*"|[\p{ID_Start}$_][\p{ID_Continue}$]*)|\*/gu, '{}')
      .replace(/\0(\d+)\0/g, (_kept, code: string) => String.fromCharCode(Number(code))),
  );

/** Of a path in a document: `/notes/{id}`. */
export const documentedShape = (path: string): string => trimmed(path.replace(/\{[^}]*\}/g, '{}'));

const escaped = (character: string): string => `\0${character.charCodeAt(0)}\0`;

const trimmed = (path: string): string => path.replace(/\/+$/, '') || '/';
