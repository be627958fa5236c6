/** The parts of an OpenAPI 3 document that are read here; what `SwaggerModule.createDocument()` makes is one. */
export interface OpenApiDocument {
  /** Path items by path. */
  readonly paths: object;
  /** Schemas, security schemes and what else is referred to by name. */
  readonly components?: object | undefined;
}

/** What a document says about one thing. Documents are the app's own, so nothing is taken for granted. */
export type Fields = Readonly<Record<string, unknown>>;

/** The members of an object; no members of any other value. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

export const componentRef = (name: string): Fields => ({ $ref: `#/components/schemas/${name}` });
