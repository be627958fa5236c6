import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Input, readToken } from '../../../lib/command/read-token.js';

/** A stream, and what was said to a person. */
function inputOf(...chunks: readonly string[]) {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  const asked: string[] = [];
  return { stream, asked, ask: (text: string) => void asked.push(text) };
}

/** A stream that is a terminal, and whether it was raw. */
function terminalOf(...chunks: readonly string[]) {
  const { stream, ...others } = inputOf(...chunks);
  const modes: boolean[] = [];
  const setRawMode = (isRaw: boolean): void => void modes.push(isRaw);
  const terminal = Object.assign(stream, { isTTY: true, setRawMode }) as unknown as Input;
  return { terminal, modes, ...others };
}

describe('a token from another program', () => {
  test.each([
    [['eyJ', '.a.b\n'], 'eyJ.a.b'],
    [['  eyJ.a.b \r\n'], 'eyJ.a.b'],
    [['a b'], 'a b'],
    [[], null],
    [['\n'], null],
  ])('%j is %j', async (chunks, token) => {
    const { stream, asked, ask } = inputOf(...chunks);
    stream.end();
    expect(await readToken(stream, ask)).toBe(token);
    expect(asked).toEqual([]);
  });

  test('ends at a mebibyte', async () => {
    const { stream, ask } = inputOf('x'.repeat(2 ** 20), 'y');
    expect((await readToken(stream, ask))?.length).toBeLessThan(2 ** 20 + 10);
  });
});

describe('a token that a person pastes', () => {
  test.each([
    [['eyJ', '.a', '.b\r'], 'eyJ.a.b'],
    [['eyJ.a.b\nmore'], 'eyJ.a.b'],
    [['eyJ.a.b\u0004'], 'eyJ.a.b'],
    [['eyJ\u0003'], null],
    [['\r'], null],
  ])('%j is %j, and never shown', async (chunks, token) => {
    const { terminal, asked, modes, ask } = terminalOf(...chunks);
    expect(await readToken(terminal, ask)).toBe(token);
    expect(modes).toEqual([true, false]);
    expect(asked).toEqual(['Paste the token and press Enter; it is not shown: ', '\n']);
  });
});
