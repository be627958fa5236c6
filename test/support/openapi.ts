import type { INestApplication } from '@nestjs/common';
import {
  DocumentBuilder,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
  SwaggerModule,
} from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv, type ValidateFunction } from 'ajv';
import { withHankoAuth } from 'nestjs-hanko/swagger';
import type { Answer } from './app.js';

export interface Operation {
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, Response>>;
}

/** Of a refusal. */
export interface Body {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly unmet?: readonly object[];
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: {
    readonly 'application/json': {
      readonly schema: object;
      readonly examples: Readonly<
        Record<string, { readonly $ref?: string; readonly value?: Body }>
      >;
    };
  };
}

/** As an app makes it, without what we add. */
export const plainDocument = (
  app: INestApplication,
  options?: SwaggerDocumentOptions,
): OpenAPIObject =>
  SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Notes').build(), options);

export const documentOf = (
  app: INestApplication,
  options?: SwaggerDocumentOptions,
): OpenAPIObject => withHankoAuth(app, plainDocument(app, options));

/** What a validator of OpenAPI 3 finds wrong. */
export async function invalidities(document: OpenAPIObject): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone({ ...document }));
  return valid ? [] : errors;
}

/** Every operation, by `GET /notes/{id}`. */
export const operationsOf = ({ paths }: OpenAPIObject): Readonly<Record<string, Operation>> =>
  Object.fromEntries(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        operation as Operation,
      ]),
    ),
  );

/** What a response of this operation says about an answer that is not true. */
export function untruths(document: OpenAPIObject, operation: Operation, answer: Answer): string[] {
  const response = operation.responses[answer.status];
  if (response?.content === undefined) return [`${answer.status} is not documented`];
  const { schema } = response.content['application/json'];
  const isBody = bodyCheck(document, schema);
  const headers = Object.entries(response.headers ?? {});
  const undocumented = ['www-authenticate', 'retry-after'].filter(
    (name) => name in answer.headers && !headers.some(([known]) => known.toLowerCase() === name),
  );
  return [
    ...(isBody(answer.body) ? [] : [JSON.stringify(isBody.errors)]),
    ...headers
      .filter(([name, { required }]) => required && !(name.toLowerCase() in answer.headers))
      .map(([name]) => `${name} is missing`),
    ...undocumented.map((name) => `${name} is not documented`),
  ];
}

/** The bodies that an operation shows as examples of one status. */
export function examplesOf(
  document: OpenAPIObject,
  { responses }: Operation,
  status: number,
): Body[] {
  const examples = responses[status]?.content?.['application/json'].examples ?? {};
  return Object.values(examples).map(({ $ref, value }) => {
    if ($ref === undefined) return value as Body;
    const shared = document.components?.examples?.[$ref.slice('#/components/examples/'.length)];
    return (shared as { value: Body }).value;
  });
}

/** Examples that do not fit the schema of their response. */
export const misfits = (document: OpenAPIObject, operation: Operation): string[] =>
  Object.entries(operation.responses).flatMap(([status, { content }]) => {
    if (content === undefined) return [];
    const isBody = bodyCheck(document, content['application/json'].schema);
    return examplesOf(document, operation, Number(status))
      .filter((body) => !isBody(body))
      .map((body) => JSON.stringify(body));
  });

/** Compiled once: that takes longer than the rest of a test. */
const bodyChecks = new WeakMap<object, ValidateFunction>();

function bodyCheck({ components }: OpenAPIObject, schema: object): ValidateFunction {
  const known = bodyChecks.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv({ strict: false, formats: { 'date-time': true } });
  const check = ajv.compile({ ...schema, components });
  bodyChecks.set(schema, check);
  return check;
}

/** The codes that an operation says it answers, sorted. */
export function documentedCodes(document: OpenAPIObject, { responses }: Operation): string[] {
  const codes = Object.values(responses).flatMap(({ content }) =>
    codesIn(document, content?.['application/json'].schema),
  );
  return [...new Set(codes)].toSorted();
}

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: { readonly code?: { readonly enum?: readonly string[] } };
}

/** All parts of `allOf` must hold: the narrowest list is the one that counts. */
function codesIn(document: OpenAPIObject, schema: Schema = {}): readonly string[] {
  const { $ref, allOf, oneOf, properties } = schema;
  if ($ref !== undefined) {
    const name = $ref.slice('#/components/schemas/'.length);
    return codesIn(document, document.components?.schemas?.[name]);
  }
  if (oneOf !== undefined) return oneOf.flatMap((one) => codesIn(document, one));
  if (allOf !== undefined) {
    const lists = allOf.map((part) => codesIn(document, part));
    return lists.toSorted((a, b) => a.length - b.length).find(({ length }) => length > 0) ?? [];
  }
  return properties?.code?.enum ?? [];
}
