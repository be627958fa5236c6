import { fill, type TemplateUser } from './fill.js';
import { FillError } from './functions.js';
import { parseTemplate, type Template } from './parse.js';
import { TemplateError } from './syntax.js';

/** A claim whose texts have been read. */
type Part =
  | Template
  | { readonly fixed: unknown }
  | { readonly items: readonly Part[] }
  | { readonly members: ReadonlyMap<string, Part> };

/** The claims of a template (hanko backend/session/template.go). */
export class TemplateClaims {
  private readonly parts: ReadonlyMap<string, Part>;

  /** @throws TypeError that names the claim of which a text is not understood. */
  constructor(claims: Readonly<Record<string, unknown>>) {
    this.parts = new Map(
      Object.entries(claims).map(([name, value]) => {
        try {
          return [name, read(value)];
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error;
          throw new TypeError(
            `session.jwt_template.claims.${name} cannot be used: ${error.message}`,
            { cause: error },
          );
        }
      }),
    );
  }

  /** What the token of a user gets; a claim that cannot be filled in is left out, as Hanko does. */
  of(user: TemplateUser): Readonly<Record<string, unknown>> {
    const claims = [...this.parts].flatMap(([name, part]) => {
      try {
        const value = typedFor(name, fillPart(part, user));
        return value === undefined ? [] : [[name, value]];
      } catch (error) {
        if (error instanceof FillError || error instanceof TemplateError) return [];
        throw error;
      }
    });
    return Object.fromEntries(claims) as Record<string, unknown>;
  }
}

function read(value: unknown): Part {
  if (typeof value === 'string') return parseTemplate(value);
  if (Array.isArray(value)) return { items: value.map(read) };
  if (typeof value !== 'object' || value === null) return { fixed: value };
  return { members: new Map(Object.entries(value).map(([name, one]) => [name, read(one)])) };
}

function fillPart(part: Part, user: TemplateUser): unknown {
  if ('fixed' in part) return part.fixed;
  if ('items' in part) return part.items.map((one) => fillPart(one, user));
  if ('members' in part) {
    return Object.fromEntries([...part.members].map(([name, one]) => [name, fillPart(one, user)]));
  }
  return meaningOf(fill(part, user));
}

/** Text that looks like a boolean, an object or a list becomes one; numbers stay text. */
function meaningOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (!/^(\{[^]*\}|\[[^]*\])$/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What a JWT can hold under the names that have a meaning: all else is left out (lestrrat-go/jwx, jwt). */
function typedFor(name: string, value: unknown): unknown {
  if (name === 'nbf') {
    const time = typeof value === 'string' && value !== '' ? Number(value) : value;
    return Number.isFinite(time) ? Math.floor(time as number) : undefined;
  }
  if (name === 'jti' || name === 'iss') return typeof value === 'string' ? value : undefined;
  return value;
}
