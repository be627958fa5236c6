import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';
import { checkSize, type HttpRequest } from './exchange.js';
import { FetchFailure } from './fetch-failure.js';

type Decoder = (body: Buffer, bounds: Pick<ZlibOptions, 'maxOutputLength'>) => Promise<Buffer>;

const gzip: Decoder = promisify(gunzip);

/** RFC 9110 §8.4.1.2 means the zlib format; some servers send the bare one. */
const deflate: Decoder = (body, bounds) =>
  promisify(((body[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(body, bounds);

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', promisify(brotliDecompress)],
]);

/**
 * What a gateway compressed though nobody asked it to. The size cap holds for what comes out.
 *
 * @throws FetchFailure
 */
export async function decodeBody(
  encoding: string | undefined,
  body: Buffer,
  asked: HttpRequest,
): Promise<Buffer> {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return body;
  const decode = DECODERS.get(name);
  if (decode === undefined) {
    throw new FetchFailure('the reply has an unsupported Content-Encoding');
  }
  try {
    return await decode(body, { maxOutputLength: asked.maxBytes });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      checkSize(Infinity, asked);
    }
    throw new FetchFailure(`the reply is not valid ${name}, its Content-Encoding`);
  }
}
