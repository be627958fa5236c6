import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  HANKO_CHANNELS,
  type HankoModuleOptions,
  type HankoSessionMessage,
  HankoUser,
} from 'nestjs-hanko';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import type { ResolvedSessionPolicy } from '../../lib/options/session-policy.js';
import { SessionLiveness } from '../../lib/session/session-liveness.js';
import { ChannelObserver } from './channel-observer.js';
import { claimsIn } from './claims-in.js';

/** A question as the server gets it. */
export interface Question {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the token in it says. */
  readonly sessionId: string;
}

export type Answer = (question: Question, response: ServerResponse) => void | Promise<void>;

/** Answers with this, whatever is asked. */
export const answering =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_question, response) => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const alive: Answer = (question, response) =>
  answering(200, { is_valid: true, claims: { session_id: question.sessionId } })(
    question,
    response,
  );

export const ended = answering(200, { is_valid: false });

export const broken = answering(500, { code: 500, message: 'Internal Server Error' });

/** Takes the question, and never answers. */
export const silent: Answer = () => undefined;

/** A `/sessions/validate` that looks at no signature, counts, and answers as it is told. */
export class ValidateServer implements AsyncDisposable {
  readonly questions: Question[] = [];
  /** Connections that were ever made. */
  connections = 0;
  /** Connections there are now, and at most were. */
  open = 0;
  mostOpen = 0;
  /** Requests that have neither a whole response nor lost their connection. */
  underWay = 0;
  answer: Answer = alive;
  private readonly waiting = new Set<() => void>();
  private readonly server = createServer((request, response) => {
    void this.take(request, response);
  });

  private constructor() {
    this.server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.open += 1;
      this.mostOpen = Math.max(this.mostOpen, this.open);
      socket.once('close', () => {
        this.open -= 1;
        this.tell();
      });
    });
  }

  static async start(): Promise<ValidateServer> {
    const server = new ValidateServer();
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get validateUrl(): string {
    return `${this.url}/sessions/validate`;
  }

  get methods(): readonly string[] {
    return this.questions.map(({ method }) => method);
  }

  /** Resolves when this holds; asked whenever a question comes, and when one or a connection has gone. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      // oxlint-disable-next-line no-await-in-loop -- one event after the other
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** Resolves when so many questions have come. */
  asked(count: number): Promise<void> {
    return this.until(() => this.questions.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.underWay += 1;
    response
      .on('error', () => undefined)
      .once('close', () => {
        this.underWay -= 1;
        this.tell();
      });
    const body = await text(request).catch(() => '');
    const { method = '', url: path = '', headers } = request;
    const token =
      method === 'POST'
        ? (JSON.parse(body) as { session_token: string }).session_token
        : (headers.authorization ?? '').slice('Bearer '.length);
    const question = { method, path, headers, body, sessionId: sessionIn(token) };
    this.questions.push(question);
    this.tell();
    await this.answer(question, response);
  }

  private tell(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** A session, and a token that says so: its signature is nobody's. */
export interface TestSession {
  readonly token: string;
  readonly user: HankoUser;
}

/** @param now milliseconds since 1970. */
export function testSession(
  now: number,
  claims: Readonly<Record<string, unknown>> = {},
  sessionId: string = randomUUID(),
): TestSession {
  const iat = Math.floor(now / 1000);
  const payload = {
    sub: randomUUID(),
    aud: ['localhost'],
    iat,
    exp: iat + 43_200,
    session_id: sessionId,
    ...claims,
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = [
    part({ alg: 'RS256', kid: 'a', typ: 'JWT' }),
    part(payload),
    Buffer.from(randomUUID().repeat(8)).toString('base64url'),
  ].join('.');
  return { token, user: new HankoUser(payload) };
}

function sessionIn(token: string): string {
  try {
    return claimsIn(token).session_id;
  } catch {
    return 'none';
  }
}

/** With the options' defaults, and an empty environment. */
export const createLiveness = (options: HankoModuleOptions, maxKnown?: number): SessionLiveness =>
  new SessionLiveness(
    resolveOptions({ audience: null, ...options }, () => undefined),
    maxKnown,
  );

/** A policy in the words of the options. */
export const policy = (
  refreshSeconds: number,
  rest: Partial<ResolvedSessionPolicy> = {},
): ResolvedSessionPolicy => ({
  refreshMs: refreshSeconds * 1000,
  keepAlive: true,
  onUnavailable: 'reject',
  ...rest,
});

/** What operators see of questions: the messages of the diagnostics channel and the log. */
export class SessionObserver extends ChannelObserver<HankoSessionMessage> {
  constructor() {
    super(HANKO_CHANNELS.session);
  }

  /** Why questions failed, in order. */
  get failures(): readonly string[] {
    return this.messages.flatMap((message) =>
      message.outcome === 'failed' ? [message.reason] : [],
    );
  }
}
