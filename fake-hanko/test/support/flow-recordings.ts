import { readdirSync, readFileSync } from 'node:fs';
import type { FakeHanko } from 'fake-hanko';
import { type PublicKeyOptions, SoftwareKey } from './authenticator.js';
import { decodeJws, send } from './raw-http.js';
import { Translation } from './recordings.js';

/** Sign-ins in a real browser on real servers: see fixtures/flow/README.md. */
const RECORDINGS = new URL('../fixtures/flow/', import.meta.url);

export interface FlowExchange {
  readonly atMs?: number;
  readonly label?: string;
  readonly port?: 'admin';
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly body: unknown;
  };
}

export interface Scenario {
  /** Of the file, without `.json`. */
  readonly name: string;
  readonly takenAt: string;
  readonly exchanges: readonly FlowExchange[];
  readonly webhooks?: readonly { readonly payload: Readonly<Record<string, unknown>> }[];
}

/** In the order in which they were recorded. */
export function scenariosOf(server: string, folder = RECORDINGS): readonly Scenario[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${server}-`) && file.endsWith('.json'))
    .map((file) => ({
      ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Scenario),
      name: file.replace('.json', ''),
    }))
    .toSorted((a, b) => Date.parse(a.takenAt) - Date.parse(b.takenAt));
}

const TOKENS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
/** What follows the user's id in the cookie of a trusted device. */
const DEVICE = /[\w-]{86}==/;
const CALLBACK = '/thirdparty/callback';
const FLOW_ID = /%40([0-9a-f-]{36})/;
/** Held in both directions: none may be missing, none may be there that was not. */
const COMPARED_FIELDS =
  /^(access-control-.*|cache-control|content-type|set-cookie|vary|x-auth-token|x-session-.*)$/;

/** Replays requests and says how the answers differ, ids, times, codes and tokens aside. */
export class FlowReplay {
  private readonly translation = new Translation(() =>
    Promise.reject(new Error('no webhook token is sent to a flow')),
  );
  private readonly csrfTokens = new Map<string, string>();
  private readonly sessionTokens = new Map<string, string>();
  private readonly devices = new Map<string, string>();
  /** By the recorded id: keys of authenticators that sign the challenges of now. */
  private readonly keys = new Map<string, SoftwareKey>();
  private readonly challenges = new Set<string>();
  /** What leads to a third party and back, by what was recorded: states and one-time tokens. */
  private readonly detours = new Map<string, string>();
  private asked: PublicKeyOptions | undefined;
  private recordedSecret = '';
  private secret = '';

  constructor(private readonly hanko: FakeHanko) {}

  /** Session tokens that nothing recorded so far has issued, nor will. */
  unknownTokens({ exchanges }: Scenario): readonly string[] {
    const tokensIn = (value: unknown): readonly string[] =>
      JSON.stringify(value).match(TOKENS) ?? [];
    const issued = exchanges.flatMap(({ response }) => tokensIn(response.headers));
    const sent = exchanges.flatMap(({ request }) => tokensIn(request.headers));
    return [...new Set(sent)].filter(
      (token) => !this.sessionTokens.has(token) && !issued.includes(token),
    );
  }

  /** Says that a session of now is the recorded one. */
  learnSession(recorded: string, token: string): readonly string[] {
    this.sessionTokens.set(recorded, token);
    return this.compare(decodeJws(recorded).claims, decodeJws(token).claims, 'token.claims');
  }

  /** Where there is no recorded set-up: the key that codes of now are made with. */
  useTotpSecret(secret: string): void {
    this.secret = secret;
  }

  /**
   * @param userAgent the recordings leave it out, and the profile shows it.
   * @param codes passcodes that the recorded mails held, with those of now.
   */
  async replay(
    exchange: FlowExchange,
    userAgent: string,
    codes: (recorded: string) => string | undefined,
  ): Promise<readonly string[]> {
    const { port, request, response } = exchange;
    if (request.path.startsWith(CALLBACK)) return this.callBack(exchange);
    const headers = Object.entries(request.headers).filter(([name]) => name !== 'Host');
    const answer = await send({
      method: request.method,
      url: (port === 'admin' ? this.hanko.adminUrl : this.hanko.url) + this.ids(request.path),
      headers: {
        'User-Agent': userAgent,
        ...Object.fromEntries(headers.map(([name, value]) => [name, this.tokens(value)])),
      },
      body: this.requestBody(request.body, codes),
    });
    const fresh = this.learnBody(response.body, answer.body);
    return [
      ...fresh,
      ...this.compare(response.status, answer.status, 'status'),
      ...this.compareFields(response.headers, answer.headers),
      ...this.compare(this.withoutKeys(response.body ?? ''), this.withoutKeys(answer.body), 'body'),
    ];
  }

  /** The third party that was recorded wrote who came into its code: FakeHanko's page is told the same. */
  private async callBack({ request, response }: FlowExchange): Promise<readonly string[]> {
    const { searchParams: query } = new URL(request.path, this.hanko.url);
    const state = this.detours.get(query.get('state') ?? '');
    let url = this.hanko.url + request.path;
    if (state !== undefined) {
      const page = `${this.hanko.url}/fake-provider/custom_idp`;
      const body = new URLSearchParams({ state, ...choiceOf(query) }).toString();
      const { headers } = await send({ method: 'POST', url: page, body });
      url = this.hanko.url + String(headers.location);
    }
    const cookie = this.tokens(request.headers.Cookie ?? '');
    const answer = await send({ url, headers: cookie === '' ? {} : { Cookie: cookie } });
    const [was, is] = [response, answer].map(({ headers }) => new URL(String(headers.location)));
    const token = was?.searchParams.get('hanko_token');
    const ours = is?.searchParams.get('hanko_token');
    if (token && ours) this.detours.set(token, ours);
    return [
      ...this.compare(response.status, answer.status, 'status'),
      ...this.compare(
        was?.href.replace(encodeURIComponent(token ?? ''), ''),
        is?.href.replace(encodeURIComponent(ours ?? ''), ''),
        'headers.location',
      ),
      ...this.compareFields(response.headers, answer.headers),
    ];
  }

  private ids(path: string): string {
    return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => this.translation.id(id));
  }

  private tokens(text: string): string {
    let known = text.replace(TOKENS, (token) => this.sessionTokens.get(token) ?? token);
    for (const [recorded, ours] of this.detours) known = known.replaceAll(recorded, ours);
    return this.ids(known.replace(DEVICE, (token) => this.devices.get(token) ?? token));
  }

  private requestBody(body: unknown, codes: (recorded: string) => string | undefined): unknown {
    if (body === null) return '';
    // Broken JSON stays as it is, but for the tokens in it.
    if (typeof body === 'string') return this.csrf(body);
    const text = JSON.stringify(body, (key, value: unknown) => {
      if (key === 'code') return codes(String(value)) ?? value;
      if (key === 'otp_code') return this.totp(String(value));
      if (isResponse(value)) return this.sign(value);
      return value;
    });
    return this.ids(this.tokens(this.csrf(text)));
  }

  /** What the authenticator answers to what it was asked now: nobody else can sign that. */
  private sign({ id, response }: RecordedResponse): unknown {
    const key = this.keys.get(id) ?? new SoftwareKey(originIn(response.clientDataJSON));
    this.keys.set(id, key);
    const { asked } = this;
    if (asked === undefined) throw new Error('no authenticator was asked');
    return 'attestationObject' in response ? key.create(asked) : key.get(asked);
  }

  /** As recorded, but for what a new key and a new challenge change. */
  private withoutKeys(body: unknown): unknown {
    const ours = new Map([...this.keys].map(([recorded, { id }]) => [id, recorded]));
    return JSON.parse(JSON.stringify(body), (name, value: unknown) => {
      if (name === 'challenge' && /^[\w-]{43}$/.test(String(value))) return '<challenge>';
      if (name === 'public_key' && /^pQECAyYgASFY[\w-]+$/.test(String(value))) return '<P-256>';
      // Of a user, in Base64url.
      if (name === 'user' && isObject(value) && 'displayName' in value) {
        return { ...value, id: uuidIn(String(value.id)) };
      }
      return typeof value === 'string' ? (ours.get(value) ?? value) : value;
    });
  }

  private csrf(text: string): string {
    return text.replace(/"(\w{32})"/g, (quoted, token: string) => {
      const ours = this.csrfTokens.get(token);
      return ours === undefined ? quoted : `"${ours}"`;
    });
  }

  /** A code that was good is the one that is good now; what was wrong stays. */
  private totp(recorded: string): string {
    if (this.secret === '') return recorded;
    const isGood = this.recordedSecret === '' || this.hanko.totp(this.recordedSecret) === recorded;
    return isGood && recorded !== '000000' ? this.hanko.totp(this.secret) : recorded;
  }

  /** Flow ids, CSRF tokens and the key of an authenticator app, which stand nowhere by themselves. */
  private learnBody(recorded: unknown, actual: unknown): readonly string[] {
    if (!isFlowBody(recorded) || !isFlowBody(actual)) return [];
    const [href, ourHref] = [recorded, actual].map(
      ({ actions }) => FLOW_ID.exec(Object.values(actions)[0]?.href ?? '')?.[1],
    );
    if (href !== undefined && ourHref !== undefined) {
      this.translation.differences(href, ourHref, 'flow');
    }
    const isOld = [...this.csrfTokens.values()].includes(actual.csrf_token);
    if (recorded.csrf_token !== '') {
      this.csrfTokens.set(recorded.csrf_token, actual.csrf_token);
    }
    const [state, ourState] = [recorded, actual].map(({ payload }) => stateIn(payload));
    if (state !== undefined && ourState !== undefined) this.detours.set(state, ourState);
    const { request_options: request, creation_options: creation } = actual.payload ?? {};
    this.asked = (creation ?? request)?.publicKey ?? this.asked;
    const { challenge } = (creation ?? request)?.publicKey ?? {};
    const isRepeated = challenge !== undefined && this.challenges.has(challenge);
    if (challenge !== undefined) this.challenges.add(challenge);
    if (recorded.payload?.otp_secret !== undefined) {
      this.recordedSecret = recorded.payload.otp_secret;
      this.secret = actual.payload?.otp_secret ?? '';
    }
    return [
      ...(isOld ? ['body.csrf_token: not a new one'] : []),
      ...(isRepeated ? ['body.payload: the challenge is not a new one'] : []),
    ];
  }

  private compareFields(
    recorded: FlowExchange['response']['headers'],
    actual: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): readonly string[] {
    const pick = (fields: object): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(fields as Record<string, string | readonly string[]>)
          .map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')] as const)
          .filter(([name]) => COMPARED_FIELDS.test(name)),
      );
    const [was, is] = [pick(recorded), pick(actual)];
    const requestId = /^\w{32}$/.test(String(actual['x-request-id']));
    return [...this.compare(was, is, 'headers'), ...(requestId ? [] : ['headers.x-request-id'])];
  }

  /** Every difference by the place where it is, however many there are. */
  compare(recorded: unknown, actual: unknown, at: string): readonly string[] {
    if (isObject(recorded) && isObject(actual)) {
      const names = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
      return [...names].flatMap((name) => {
        const here = `${at}.${name}`;
        if (!Object.hasOwn(actual, name)) return [`${here}: omitted`];
        if (!Object.hasOwn(recorded, name)) return [`${here}: added`];
        return this.compare(recorded[name], actual[name], here);
      });
    }
    if (typeof recorded !== 'string' || typeof actual !== 'string') {
      return this.translation.differences(recorded, actual, at);
    }
    if (at.endsWith('.csrf_token') || at.endsWith('.otp_secret')) {
      const [was, is] = [recorded, actual].map((text) => text.replace(/^\w{32}$/, '<random>'));
      return this.translation.differences(was, is, at);
    }
    if (at.endsWith('.redirect_url')) {
      const [was, is] = [recorded, actual].map((text) => [...new URL(text).searchParams.keys()]);
      return this.translation.differences(was?.toSorted(), is?.toSorted(), `${at} query`);
    }
    for (const [state, ours] of this.detours) {
      if (!recorded.includes(state)) continue;
      return this.compare(recorded.replace(state, ''), actual.replace(ours, ''), at);
    }
    const [device, ourDevice] = [recorded, actual].map((text) => DEVICE.exec(text)?.[0]);
    if (device !== undefined && ourDevice !== undefined) {
      this.devices.set(device, ourDevice);
      return this.compare(recorded.replace(device, ''), actual.replace(ourDevice, ''), at);
    }
    const [token, ours] = [recorded, actual].map((text) => text.match(TOKENS)?.[0]);
    if (token === undefined || ours === undefined) {
      return this.translation.differences(recorded, actual, at);
    }
    return [
      ...this.learnSession(token, ours),
      ...this.translation.differences(recorded.replace(token, ''), actual.replace(ours, ''), at),
    ];
  }
}

/** Who came, or why nobody did, in the fields of the page. */
function choiceOf(query: URLSearchParams): Readonly<Record<string, string>> {
  const error = query.get('error');
  if (error !== null) return { error };
  const code = Buffer.from(query.get('code') ?? '', 'base64url').toString();
  const { email, name, verified } = JSON.parse(code) as Record<string, string | boolean>;
  return { email: String(email), name: String(name), ...(verified && { verified: 'on' }) };
}

const stateIn = (payload: RecordedBody['payload']): string | undefined =>
  payload?.redirect_url === undefined
    ? undefined
    : (new URL(payload.redirect_url).searchParams.get('state') ?? undefined);

interface RecordedBody {
  readonly csrf_token: string;
  readonly actions: Readonly<Record<string, { readonly href: string }>>;
  readonly payload?: {
    readonly otp_secret?: string;
    readonly redirect_url?: string;
    readonly request_options?: { readonly publicKey: PublicKeyOptions };
    readonly creation_options?: { readonly publicKey: PublicKeyOptions };
  };
}

/** Of an authenticator. */
interface RecordedResponse {
  readonly id: string;
  readonly response: { readonly clientDataJSON: string };
}

const isResponse = (value: unknown): value is RecordedResponse =>
  isObject(value) && value.type === 'public-key' && isObject(value.response);

const originIn = (clientDataJSON: string): string =>
  (JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { origin: string }).origin;

const uuidIn = (base64url: string): string =>
  Buffer.from(base64url, 'base64url')
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFlowBody = (value: unknown): value is RecordedBody =>
  isObject(value) && typeof value.csrf_token === 'string' && isObject(value.actions);
