import http, { type Agent, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { decodeBody } from './content-encoding.js';
import {
  checkSize,
  checkStatus,
  type Exchange,
  type HttpReply,
  type HttpRequest,
  isBodyWanted,
  isBrokenConnection,
} from './exchange.js';
import { FetchFailure } from './fetch-failure.js';

/**
 * By Node's own client. Its connections are those of the global agents, so what an app has set up there (a
 * proxy, a certificate) holds here too. The modules are asked for `request` at each call: tools that replace it
 * (APM agents, nock, MSW) see these calls in both builds.
 */
export const nodeExchange: Exchange = async (url, asked, signal) => {
  try {
    return await attempt(url, asked, signal);
  } catch (error) {
    if (!(error instanceof ClosedWhileIdle) || !asked.isRepeatable || signal.aborted) throw error;
    return await secondAttempt(url, asked, signal);
  }
};

async function secondAttempt(...[url, asked, signal]: Parameters<Exchange>): Promise<HttpReply> {
  try {
    return { ...(await attempt(url, asked, signal, newConnection(url))), isSecond: true };
  } catch (error) {
    throw Object.assign(FetchFailure.from(error), { isSecond: true });
  }
}

/** The other end had closed a connection that was used before, and no reply has begun. */
class ClosedWhileIdle extends Error {}

const clientFor = (url: string): typeof http | typeof https =>
  url.startsWith('https:') ? https : http;

/** An agent like the global one, without its connections; one of another make is asked again as it is. */
function newConnection(url: string): Agent {
  const { Agent, globalAgent } = clientFor(url);
  if (Object.getPrototypeOf(globalAgent) !== Agent.prototype) return globalAgent;
  // As it was made, proxy and certificates included.
  const { options } = globalAgent as { options?: https.AgentOptions };
  return new Agent({ ...options, keepAlive: false });
}

const attempt = (
  url: string,
  asked: HttpRequest,
  signal: AbortSignal,
  agent?: Agent,
): Promise<HttpReply> =>
  new Promise((resolve, reject) => {
    let hasReply = false;
    const request = clientFor(url).request(url, {
      method: asked.method,
      headers: { ...asked.headers, 'accept-encoding': 'identity' },
      ...(agent !== undefined && { agent }),
    });
    if (asked.isBackground) request.on('socket', (socket) => socket.unref());
    request.on('response', (response) => {
      hasReply = true;
      readReply(response, asked).then(resolve, reject);
    });
    request.on('error', (error) => {
      const isIdleClose = request.reusedSocket && !hasReply && isBrokenConnection(error);
      reject(isIdleClose ? new ClosedWhileIdle(error.message, { cause: error }) : error);
    });
    // Without a listener Node hangs up and tells nobody.
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(FetchFailure.ofStatus(101));
    });
    const giveUp = (): void => {
      reject(signal.reason as Error);
      request.destroy();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    request.end(asked.body);
  });

async function readReply(response: IncomingMessage, asked: HttpRequest): Promise<HttpReply> {
  const status = response.statusCode ?? 0;
  checkStatus(status, asked);
  const header = (name: string): string | null =>
    [response.headers[name] ?? null].flat().join(', ') || null;
  const text = await readText(response, asked).catch((error: unknown) => {
    if (isBodyWanted(status, asked)) throw error;
    response.destroy();
    return '';
  });
  return { status, header, text };
}

async function readText(response: IncomingMessage, asked: HttpRequest): Promise<string> {
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
  const body = await decodeBody(response.headers['content-encoding'], Buffer.concat(chunks), asked);
  return new TextDecoder().decode(body);
}
