import type { IncomingMessage } from 'node:http';

/** A body cannot be used; `status` goes into the response. */
export class BodyError extends Error {
  override readonly name = 'BodyError';

  constructor(
    readonly status: 400 | 413,
    message: string,
  ) {
    super(message);
  }
}

/** A request whose body a parser may have read already. */
export type MaybeParsed = IncomingMessage & { readonly body?: unknown };

/** Whether a body parser has read it. */
export const isParsed = ({ body, readableEnded }: MaybeParsed): boolean =>
  typeof body === 'string' ||
  Buffer.isBuffer(body) ||
  (typeof body === 'object' && body !== null && readableEnded);

/**
 * The JSON of a request: what a body parser made of it, or read here. Express has parsed it by then,
 * Fastify has not.
 *
 * @param maxBytes longer bodies are cut off while they arrive.
 * @throws BodyError
 */
export async function readJson(request: MaybeParsed, maxBytes: number): Promise<unknown> {
  const { body } = request;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return parse(body.toString());
  if (isParsed(request)) return body;
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof BodyError ? error : new BodyError(400, 'The body did not arrive');
  }
  return parse(Buffer.concat(chunks).toString());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BodyError(400, 'The body is not JSON');
  }
}

const tooLarge = (maxBytes: number): BodyError =>
  new BodyError(413, `The body has more than ${maxBytes} bytes`);
