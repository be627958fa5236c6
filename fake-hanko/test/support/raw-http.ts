import { request, type IncomingHttpHeaders } from 'node:http';

/** A request as it goes over the wire: repeated header fields stay repeated. */
export interface RawRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text is sent as it stands, everything else as JSON. */
  readonly body?: unknown;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text, parsed if it is sent as JSON. */
  readonly body: unknown;
}

/** Sends a request with exactly these header fields, `Host` and `Content-Length`. Follows nothing. */
export function send({
  method = 'GET',
  url,
  headers = {},
  body,
}: RawRequest): Promise<RawResponse> {
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((single) => [name, single]),
  );
  const isChunked = Object.keys(headers).some((name) => /^transfer-encoding$/i.test(name));
  const length =
    isChunked || (method === 'GET' && text === '')
      ? []
      : ['Content-Length', String(Buffer.byteLength(text))];
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    request(
      target,
      // A list is sent as it stands, so Node adds nothing of its own.
      { method, headers: ['Host', target.host, ...fields, ...length, 'Connection', 'close'] },
      (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('error', reject)
          .on('end', () => {
            const answer = Buffer.concat(chunks).toString();
            const isJson = response.headers['content-type']?.startsWith('application/json');
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: answer,
              body: isJson && answer !== '' ? (JSON.parse(answer) as unknown) : answer,
            });
          });
      },
    )
      .on('error', reject)
      .end(text);
  });
}

/** `send` for JSON: sets the content type. */
export const sendJson = (method: string, url: string, body: unknown): Promise<RawResponse> =>
  send({ method, url, headers: { 'content-type': 'application/json' }, body });

/** Header and claims of a compact JWS, unverified. */
export function decodeJws(token: string): {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
} {
  const [header, claims] = token
    .split('.', 2)
    .map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
    );
  return { header: header ?? {}, claims: claims ?? {} };
}
