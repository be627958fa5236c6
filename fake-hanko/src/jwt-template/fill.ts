import { call, FillError, isTrue, type Value, written } from './functions.js';
import { valueAt } from './metadata-path.js';
import type { Template } from './parse.js';
import type { Command, Node, Operand, Pipeline } from './syntax.js';

/** What a template can say of a user: Hanko's UserJWT (hanko backend/dto/user.go). */
export interface TemplateUser {
  readonly UserID: string;
  readonly Email: {
    readonly Address: string;
    readonly IsPrimary: boolean;
    readonly IsVerified: boolean;
  } | null;
  readonly Username: string;
  readonly Name: string;
  readonly GivenName: string;
  readonly FamilyName: string;
  readonly Picture: string;
  /** Read by its methods alone. */
  readonly Metadata: { readonly public: unknown; readonly unsafe: unknown } | null;
}

/** Variables live to the end of the branch in which they were made. */
class Scope {
  private readonly variables = new Map<string, Value>();

  constructor(
    readonly dot: Value,
    private readonly outer: Scope | null,
  ) {}

  get(name: string): Value {
    const value = this.variables.get(name);
    if (value !== undefined) return value;
    if (this.outer === null) throw new FillError(`undefined variable ${name}`);
    return this.outer.get(name);
  }

  set(name: string, value: Value, isNew: boolean): void {
    if (isNew || this.variables.has(name)) this.variables.set(name, value);
    else if (this.outer === null) throw new FillError(`undefined variable ${name}`);
    else this.outer.set(name, value, false);
  }
}

/** @throws FillError where Go would not go on. */
export function fill(template: Template, user: TemplateUser): string {
  const dot = new Root(new User(user));
  const scope = new Scope(dot, null);
  scope.set('$', dot, true);
  return fillNodes(template, scope);
}

class Root {
  constructor(readonly User: User) {}
}

/** Its fields have the names of Go; as text it is JSON with other ones. */
class User {
  readonly UserID: string;
  readonly Email: Email | null;
  readonly Username: string;
  readonly Name: string;
  readonly GivenName: string;
  readonly FamilyName: string;
  readonly Picture: string;
  readonly Metadata: Metadata | null;

  constructor({ Email: email, Metadata: metadata, ...others }: TemplateUser) {
    this.UserID = others.UserID;
    this.Username = others.Username;
    this.Name = others.Name;
    this.GivenName = others.GivenName;
    this.FamilyName = others.FamilyName;
    this.Picture = others.Picture;
    this.Email = email && new Email(email.Address, email.IsPrimary, email.IsVerified);
    this.Metadata = metadata && new Metadata(metadata.public, metadata.unsafe);
  }

  toJSON(): object {
    return {
      user_id: this.UserID,
      ...(this.Email && { email: this.Email }),
      username: this.Username,
      ...(this.Metadata && { metadata: this.Metadata }),
      name: this.Name,
      family_name: this.FamilyName,
      given_name: this.GivenName,
      picture: this.Picture,
    };
  }
}

class Email {
  constructor(
    readonly Address: string,
    readonly IsPrimary: boolean,
    readonly IsVerified: boolean,
  ) {}

  toJSON(): object {
    return { address: this.Address, is_primary: this.IsPrimary, is_verified: this.IsVerified };
  }
}

class Metadata {
  readonly #kinds: Readonly<Record<string, unknown>>;

  constructor(publicKind: unknown, unsafeKind: unknown) {
    this.#kinds = { Public: publicKind, Unsafe: unsafeKind };
  }

  read(kind: string, path: readonly Value[]): string {
    if (!path.every((part) => typeof part === 'string')) {
      throw new FillError('a metadata path must be text');
    }
    const json = this.#kinds[kind];
    if (path.length === 0) return json === undefined ? '' : JSON.stringify(json);
    return valueAt(json, path.join('.'));
  }

  toJSON(): object {
    return { public_metadata: this.#kinds.Public, unsafe_metadata: this.#kinds.Unsafe };
  }
}

const fillNodes = (nodes: readonly Node[], scope: Scope): string =>
  nodes.map((node) => fillNode(node, scope)).join('');

function fillNode(node: Node, scope: Scope): string {
  if ('text' in node) return node.text;
  if ('print' in node) {
    const value = evaluate(node.print, scope);
    return node.print.variable === undefined ? written(value) : '';
  }
  const inner = new Scope(scope.dot, scope);
  const value = evaluate(node.condition, inner);
  if (!isTrue(value)) return fillNodes(node.otherwise, inner);
  return fillNodes(node.body, node.isScope ? new Scope(value, inner) : inner);
}

function evaluate({ commands, variable, isNew }: Pipeline, scope: Scope): Value {
  let value: Value | undefined;
  for (const command of commands) value = run(command, scope, value);
  const result = value ?? null;
  if (variable !== undefined) scope.set(variable, result, isNew === true);
  return result;
}

/** @param last what came through the pipe: the last argument. */
function run([first, ...args]: Command, scope: Scope, last: Value | undefined): Value {
  if (first === undefined) throw new FillError('a value is missing');
  const { base, fields } = first;
  if ('callee' in base && (base.callee === 'and' || base.callee === 'or')) {
    return shortCut(base.callee, args, scope, last);
  }
  const values = [...args.map((arg) => valueOf(arg, scope)), ...(last === undefined ? [] : [last])];
  if ('callee' in base) return call(base.callee, values);
  return follow(baseOf(first, scope), fields, values);
}

function shortCut(name: 'and' | 'or', args: Command, scope: Scope, last: Value | undefined): Value {
  let value: Value | undefined;
  for (const arg of args) {
    value = valueOf(arg, scope);
    if (isTrue(value) === (name === 'or')) return value;
  }
  value = last ?? value;
  if (value === undefined) throw new FillError(`wrong number of args for ${name}`);
  return value;
}

/** An argument: a function without arguments, or a value. */
function valueOf(operand: Operand, scope: Scope): Value {
  if ('callee' in operand.base) return call(operand.base.callee, []);
  return follow(baseOf(operand, scope), operand.fields, []);
}

function baseOf({ base }: Operand, scope: Scope): Value {
  if ('literal' in base) return base.literal;
  if ('variable' in base) return scope.get(base.variable);
  return 'pipeline' in base ? evaluate(base.pipeline, scope) : scope.dot;
}

/** @param args of the last field, which is then a method. */
function follow(base: Value, fields: readonly string[], args: readonly Value[]): Value {
  let value = base;
  for (const [index, field] of fields.entries()) {
    const isLast = index === fields.length - 1;
    if (value instanceof Metadata && /^(Public|Unsafe)$/.test(field)) {
      value = value.read(field, isLast ? args : []);
      if (isLast) return value;
      continue;
    }
    if (typeof value !== 'object' || value === null) {
      throw new FillError(`nil pointer evaluating ${field}`);
    }
    if (field === 'toJSON' || !Object.hasOwn(value, field)) {
      throw new FillError(`can't evaluate field ${field}`);
    }
    value = (value as Readonly<Record<string, Value>>)[field] ?? null;
  }
  if (args.length > 0) throw new FillError('what is no method has arguments');
  return value;
}
