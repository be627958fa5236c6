/**
 * Name and stack of an error without its message, which may repeat what must not be logged: a passcode, say.
 * Where the message does not stand in the stack as it is, nobody knows which lines are its own.
 */
export function whereThrown(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `a ${typeof error} was thrown`;
  try {
    const { name, message, stack } = error as Readonly<Record<string, unknown>>;
    const kind = typeof name === 'string' && /^\w{1,64}$/.test(name) ? name : 'an error';
    return `${kind}, whose message is omitted${framesOf(stack, message)}`;
  } catch {
    return 'an error that cannot be read';
  }
}

function framesOf(stack: unknown, message: unknown): string {
  if (typeof stack !== 'string' || typeof message !== 'string') return '';
  const at = stack.indexOf(message);
  if (at === -1) return '';
  const lines = stack.slice(at + message.length).split('\n');
  return lines
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .map((line) => `\n${line}`)
    .join('');
}
