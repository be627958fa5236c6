import type { ReadStream } from 'node:tty';

/** What standard input may be: a terminal, or what another program writes. */
export type Input = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;

/** Nobody writes a longer token; and a file that was given by mistake does not fill the memory. */
const MAX_LENGTH = 1_048_576;

const CTRL_C = '\u0003';

/** Enter and Ctrl-D, as a raw terminal sends them. */
const END = ['\r', '\n', '\u0004'];

/**
 * A token from standard input, without the white space around it. A terminal does not show what is typed.
 * @param ask writes a question for a person.
 * @returns null if there is none, or if the person gave up.
 */
export async function readToken(input: Input, ask: (text: string) => void): Promise<string | null> {
  const isTerminal = input.isTTY === true;
  if (isTerminal) {
    ask('Paste the token and press Enter; it is not shown: ');
    input.setRawMode?.(true);
  }
  try {
    input.setEncoding('utf8');
    let text = '';
    for await (const chunk of input) {
      text += String(chunk);
      if (isTerminal && text.includes(CTRL_C)) return null;
      if (text.length > MAX_LENGTH || (isTerminal && END.some((end) => text.includes(end)))) break;
    }
    const end = isTerminal
      ? Math.min(...END.map((mark) => `${text}${mark}`.indexOf(mark)))
      : text.length;
    return text.slice(0, end).trim() || null;
  } finally {
    if (isTerminal) {
      input.setRawMode?.(false);
      ask('\n');
    }
  }
}
