/** What is common to the responses of Express, Fastify and Node. */
interface HeaderSink {
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

/**
 * Puts header fields on a response: Nest's exceptions carry none, so they must be there before the
 * exception is thrown, and an app's own exception filter then keeps them.
 */
export function sendHeaders(response: HeaderSink, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (response.header) response.header(name, value);
    else response.setHeader?.(name, value);
  }
}
