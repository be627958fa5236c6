import { readdirSync, readFileSync } from 'node:fs';
import { decodeJws } from './raw-http.js';

/** Traffic of real servers: see fixtures/README.md. */
const RECORDINGS = new URL('../fixtures/server/', import.meta.url);

export interface Exchange {
  /** Folder, file and name of the exchange: `v3.0.4-defaults/me.json: me, garbage`. */
  readonly key: string;
  readonly name: string;
  readonly takenAt: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: unknown;
  };
}

export const recordedFolders = (): readonly string[] => readdirSync(RECORDINGS);

/**
 * The requests of a folder with their answers, in the order in which they were sent. Webhook
 * deliveries and the tokens gathered in tokens.json are no such thing.
 */
export function exchangesOf(folder: string): readonly Exchange[] {
  return readdirSync(new URL(folder, RECORDINGS))
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      const { exchanges } = JSON.parse(readFileSync(new URL(file, RECORDINGS), 'utf8')) as {
        exchanges: readonly Omit<Exchange, 'key'>[];
      };
      return exchanges
        .filter(({ request, response }) => request?.path && response)
        .map((exchange) => ({ ...exchange, key: `${file}: ${exchange.name}` }));
    })
    .toSorted((a, b) => Date.parse(a.takenAt) - Date.parse(b.takenAt));
}

const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const UUID = new RegExp(`^${UUIDS.source}$`);
const TOKENS = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const TOKEN = new RegExp(`^${TOKENS.source}$`);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Of the recorded server, between its answer and `takenAt`. */
const TIME_TOLERANCE_MS = 2000;

/** A recorded server's ids and tokens in terms of the one that answers now. */
export class Translation {
  private readonly ids = new Map<string, string>();
  private readonly tokens = new Map<string, string>();

  /** @param webhookToken signs what no answer ever held. */
  constructor(private readonly webhookToken: (event: string, data: unknown) => Promise<string>) {}

  /** The text with every id and token in it replaced. */
  async text(recorded: string): Promise<string> {
    const tokens = recorded.match(TOKENS) ?? [];
    const replacements = await Promise.all(tokens.map((token) => this.token(token)));
    let index = 0;
    return recorded
      .replace(TOKENS, () => replacements[index++] as string)
      .replace(UUIDS, (id) => this.id(id));
  }

  /** An id that was never answered is one that no server knows: it stays. */
  id(recorded: string): string {
    return this.ids.get(recorded) ?? recorded;
  }

  /**
   * Every difference between a recorded answer and the one of now, and none for the same keys, types
   * and fixed values. Ids and tokens are learned on the way; times may differ by two seconds.
   */
  differences(recorded: unknown, actual: unknown, at: string): readonly string[] {
    if (typeof recorded === 'string' && typeof actual === 'string') {
      return this.textDifferences(recorded, actual, at);
    }
    if (isNumericDate(at) && Number.isInteger(actual)) {
      const isClose =
        Math.abs((actual as number) - (recorded as number)) * 1000 <= TIME_TOLERANCE_MS;
      return isClose ? [] : [unlike(recorded, actual, at)];
    }
    if (!isContainer(recorded) || !isContainer(actual)) {
      return recorded === actual ? [] : [unlike(recorded, actual, at)];
    }
    const keys = Object.keys(recorded).toSorted().join();
    const found = Object.keys(actual).toSorted().join();
    if (Array.isArray(recorded) !== Array.isArray(actual) || keys !== found) {
      return [unlike(keys, found, `keys of ${at}`)];
    }
    return Object.entries(recorded).flatMap(([key, value]) =>
      this.differences(value, actual[key], `${at}.${key}`),
    );
  }

  private textDifferences(recorded: string, actual: string, at: string): readonly string[] {
    if (TOKEN.test(recorded) && TOKEN.test(actual)) {
      this.tokens.set(recorded, actual);
      return this.differences(decodeJws(recorded), decodeJws(actual), at);
    }
    if (UUID.test(recorded) && UUID.test(actual)) {
      const known = this.ids.get(recorded);
      this.ids.set(recorded, actual);
      return known === undefined || known === actual ? [] : [unlike(known, actual, at)];
    }
    if (TIME.test(recorded) && TIME.test(actual)) {
      const isClose = Math.abs(Date.parse(actual) - Date.parse(recorded)) <= TIME_TOLERANCE_MS;
      // What is sent in whole seconds stays so; Go leaves out a fraction of zero elsewhere too.
      const isWhole = recorded.includes('.') || !actual.includes('.');
      return isClose && isWhole ? [] : [unlike(recorded, actual, at)];
    }
    // The modulus of a key of at least 2048 bits.
    if (/\.keys\.\d+\.n$/.test(at) && /^[\w-]{342,}$/.test(actual)) return [];
    const isSame = actual.replace(UUIDS, '<id>') === recorded.replace(UUIDS, '<id>');
    return isSame ? [] : [unlike(recorded, actual, at)];
  }

  private async token(recorded: string): Promise<string> {
    const known = this.tokens.get(recorded);
    if (known !== undefined) return known;
    const { claims } = decodeJws(recorded);
    if (claims.sub === 'hanko webhooks') return this.webhookToken(String(claims.evt), claims.data);
    // A forgery: each part that was the good token's is the good token's again.
    const [header, payload, signature] = recorded.split('.') as [string, string, string];
    const original = [...this.tokens].find(([token]) => token.split('.')[1] === payload);
    if (original === undefined) throw new Error(`No answer held this token: ${recorded}`);
    const [good, ours] = original;
    const [ourHeader, ourPayload] = ours.split('.') as [string, string];
    return [good.startsWith(`${header}.`) ? ourHeader : header, ourPayload, signature].join('.');
  }
}

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isNumericDate = (at: string): boolean => /\.claims\.(exp|iat)$/.test(at);

const unlike = (recorded: unknown, actual: unknown, at: string): string =>
  `${at}: recorded ${JSON.stringify(recorded)}, now ${JSON.stringify(actual)}`;
