import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
  checkSize,
  checkStatus,
  type Exchange,
  FetchFailure,
  type HttpAnswer,
  type HttpRequest,
} from './exchange.js';

/**
 * By Node's own client, which takes a third of the CPU time of its `fetch`. Its connections are those of
 * the global agents, so what an app has set up there (a proxy, a certificate) holds here too.
 */
export const nodeExchange: Exchange = (url, asked, signal) =>
  new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
      method: asked.method,
      headers: { ...asked.headers, 'accept-encoding': 'identity' },
    });
    request.on('response', (response) => {
      readAnswer(response, asked).then(resolve, reject);
    });
    request.on('error', reject);
    // Without a listener Node hangs up and tells nobody.
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new FetchFailure('status 101'));
    });
    const giveUp = (): void => {
      reject(signal.reason as Error);
      request.destroy();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    request.end(asked.body);
  });

async function readAnswer(response: IncomingMessage, asked: HttpRequest): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0;
  checkStatus(status, asked);
  // Its size would not be that of the text.
  if ((response.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new FetchFailure('the answer is compressed, which was not asked for');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      try {
        checkSize((bytes += chunk.byteLength), asked);
        chunks.push(chunk);
      } catch (error) {
        reject(error);
      }
    });
    response.on('end', resolve);
    response.on('error', reject);
  });
  return { status, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}
