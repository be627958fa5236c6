import { type Tree, write } from './workspace.js';

/** What `.env` gets. */
export interface Settings {
  readonly apiUrl: string;
  /** Undefined: nobody said it, and it cannot be known. */
  readonly audience: string | undefined;
}

/** Where fake-hanko and Hanko's own configuration listen. */
export const LOCAL: Settings = { apiUrl: 'http://localhost:8000', audience: 'localhost' };

const URL_COMMENT = "# The API URL from the Hanko Console, or your own server's address.";
const AUDIENCE_COMMENT = '# The "aud" claim of the tokens: the host of your App URL.';

/**
 * Adds what is missing, and changes nothing that is there.
 * @returns the names that it added.
 */
export function addSettings(tree: Tree, path: string, settings: Settings): readonly string[] {
  const text = tree.exists(path) ? tree.readText(path) : '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const hasUrl = readSetting(text, 'HANKO_API_URL') !== undefined;
  // A comment counts, as somebody decided about it.
  const hasAudience = /^[ \t#]*(?:export[ \t]+)?HANKO_AUDIENCE[ \t]*=/m.test(text);
  const added: string[] = [];
  const lines: string[] = [];
  if (!hasUrl) {
    added.push('HANKO_API_URL');
    lines.push(URL_COMMENT, `HANKO_API_URL=${settings.apiUrl}`);
  }
  // Of another Hanko, an audience of ours would refuse every token.
  const isTheirs = hasUrl && settings === LOCAL;
  if (!hasAudience && !isTheirs) {
    const { audience } = settings;
    if (audience !== undefined) added.push('HANKO_AUDIENCE');
    if (audience !== undefined || added.length > 0) {
      lines.push(
        AUDIENCE_COMMENT,
        `${audience === undefined ? '# ' : ''}HANKO_AUDIENCE=${audience ?? 'app.example.com'}`,
      );
    }
  }
  if (lines.length === 0) return [];
  const gap = text === '' ? '' : `${text.endsWith('\n') ? '' : eol}${eol}`;
  write(tree, path, text + gap + lines.join(eol) + eol);
  return added;
}

/** What a file says of a variable. */
export function readSetting(text: string, name: string): string | undefined {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=(.*)$`, 'm').exec(text)?.[1]?.trim();
}

/** @throws Error that says which flag is wrong. */
export function settingsOf(flags: {
  readonly apiUrl?: string;
  readonly audience?: string;
}): Settings {
  const { apiUrl, audience } = flags;
  for (const [name, value] of Object.entries({ '--audience': audience, '--api-url': apiUrl })) {
    // What `.env` would have to quote.
    if (value !== undefined && !/^[^\s"'`#$\\]+$/.test(value)) {
      throw new Error(`${name} must be one word without quotes, $, # and \\.`);
    }
  }
  if (apiUrl === undefined) return audience === undefined ? LOCAL : { ...LOCAL, audience };
  const url = URL.canParse(apiUrl) && /^https?:\/\//i.test(apiUrl) ? new URL(apiUrl) : undefined;
  if (
    url === undefined ||
    url.username !== '' ||
    url.password !== '' ||
    url.search + url.hash !== ''
  ) {
    throw new Error(
      "--api-url must be the URL of Hanko's public API, such as https://<id>.hanko.io, without credentials or a query.",
    );
  }
  const isLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  return { apiUrl, audience: audience ?? (isLocal ? LOCAL.audience : undefined) };
}
