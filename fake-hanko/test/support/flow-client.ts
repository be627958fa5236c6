import type { FakeHanko } from 'fake-hanko';
import type { Lies, PublicKeyOptions, SoftwareKey } from './authenticator.js';
import { type RawResponse, send } from './raw-http.js';

/** What the Flow API answers. */
export interface FlowBody {
  readonly name: string;
  readonly status: number;
  readonly payload: Record<string, unknown>;
  readonly csrf_token: string;
  readonly actions: Readonly<Record<string, FlowAction>>;
  readonly error?: { readonly code: string; readonly message: string };
}

interface FlowAction {
  readonly href: string;
  readonly action: string;
  readonly inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A browser with one tab, as far as Hanko's components go: flows, a cookie or a bearer token. */
export class FlowClient {
  /** The last answer. */
  answer!: RawResponse;
  /** The session token, once there is one. */
  token: string | null = null;
  /** All other cookies. */
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly base: string,
    private readonly userAgent = 'flow-client',
  ) {}

  get body(): FlowBody {
    return this.answer.body as FlowBody;
  }

  /** Name of the state, or code of the error that took its place. */
  get state(): string {
    return this.body.name === 'error' ? `error: ${this.body.error?.code}` : this.body.name;
  }

  /** The code at the top and those of the inputs. */
  get errors(): readonly unknown[] {
    const inputs = Object.values(this.body.actions).flatMap(({ inputs: all }) =>
      Object.values(all).flatMap(({ error }) => (error as { code: string } | undefined) ?? []),
    );
    return [this.body.error, ...inputs].flatMap((error) => error?.code ?? []);
  }

  async post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> {
    this.answer = await send({
      method: 'POST',
      url: this.base + path,
      headers: {
        'user-agent': this.userAgent,
        'content-type': 'application/json',
        ...this.cookieField,
        ...headers,
      },
      body: body ?? '',
    });
    this.keepCookies();
    return this.state;
  }

  /** Goes to a page, or sends a form of one. @returns where it leads. */
  async visit(url: string, form?: Readonly<Record<string, string>>): Promise<string | undefined> {
    this.answer = await send({
      method: form === undefined ? 'GET' : 'POST',
      url: new URL(url, this.base).href,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...this.cookieField },
      body: new URLSearchParams(form).toString(),
    });
    this.keepCookies();
    return this.answer.headers.location;
  }

  private get cookieField(): { readonly cookie?: string } {
    const all = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    if (this.token !== null) all.unshift(`hanko=${this.token}`);
    return all.length > 0 ? { cookie: all.join('; ') } : {};
  }

  private keepCookies(): void {
    for (const field of this.answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(field) ?? [];
      if (name === 'hanko') this.token = value || null;
      else if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  /** Starts a flow and goes through preflight. @returns the state. */
  async start(flow: 'login' | 'registration' | 'profile', hasWebauthn = false): Promise<string> {
    if ((await this.post(`/${flow}`)) !== 'preflight') return this.state;
    return this.act('register_client_capabilities', {
      webauthn_available: hasWebauthn,
      webauthn_conditional_mediation_available: hasWebauthn,
      webauthn_platform_authenticator_available: hasWebauthn,
    });
  }

  /** Runs an action of the last answer. @returns the state. */
  async act(name: string, input: Record<string, unknown> = {}): Promise<string> {
    const action = this.body.actions[name];
    if (action === undefined) throw new Error(`${this.state} does not offer ${name}`);
    return this.post(action.href, { input_data: input, csrf_token: this.body.csrf_token });
  }

  /** Registers, skipping what can be skipped. */
  async register(hanko: FakeHanko, email: string, password: string): Promise<string> {
    await this.start('registration');
    await this.act('register_login_identifier', { email });
    await this.act('verify_passcode', { code: hanko.passcode(email) });
    await this.act('register_password', { new_password: password });
    return this.skipAll();
  }

  /** Signs in with a password, up to where something else than skipping is needed. */
  async signIn(email: string, password: string): Promise<string> {
    await this.start('login');
    // `email`, or `identifier` where names sign in too.
    const { inputs = {} } = this.body.actions.continue_with_login_identifier ?? {};
    const [name = 'email'] = Object.keys(inputs);
    await this.act('continue_with_login_identifier', { [name]: email });
    await this.act('continue_to_password_login');
    await this.act('password_login', { password });
    return this.skipAll();
  }

  /** What the page is to ask an authenticator. */
  get asked(): PublicKeyOptions {
    const { request_options: request, creation_options: creation } = this.body.payload;
    const options = (creation ?? request) as { publicKey: PublicKeyOptions } | undefined;
    if (options === undefined) throw new Error(`${this.state} asks no authenticator`);
    return options.publicKey;
  }

  /** The authenticator makes a new key. @returns the state. */
  create(key: SoftwareKey, lies: Lies = {}): Promise<string> {
    const public_key = key.create(this.asked, lies);
    return this.act('webauthn_verify_attestation_response', { public_key });
  }

  /** The authenticator signs. @returns the state. */
  sign(key: SoftwareKey, lies: Lies = {}): Promise<string> {
    const assertion_response = key.get(this.asked, lies);
    return this.act('webauthn_verify_assertion_response', { assertion_response });
  }

  /** Adds a passkey or security key to the profile of who is signed in. @returns the state. */
  async addKey(key: SoftwareKey, kind: 'passkey' | 'security key'): Promise<string> {
    await this.start('profile', true);
    await this.act(kind === 'passkey' ? 'webauthn_credential_create' : 'security_key_create');
    return this.create(key);
  }

  async skipAll(): Promise<string> {
    while (this.body.actions.skip !== undefined) await this.act('skip');
    return this.state;
  }

  /** Sets up an authenticator app on the profile of who is signed in. @returns its key. */
  async enrolTotp(hanko: Pick<FakeHanko, 'totp'>): Promise<string> {
    await this.start('profile');
    await this.act('continue_to_otp_secret_creation');
    const secret = String(this.body.payload.otp_secret);
    await this.act('otp_code_verify', { otp_code: hanko.totp(secret) });
    return secret;
  }
}
