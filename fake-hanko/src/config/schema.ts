/** One of a few texts; the first is the default. */
export class Choice<Text extends string> {
  constructor(readonly values: readonly [Text, ...Text[]]) {}
}

/** A time as Go writes it, such as `12h` or `1h30m`. */
export class Duration {
  constructor(readonly initial: string) {}
}

/** A list of texts, by default empty. */
export class TextList {
  readonly initial: readonly string[] = [];
}

/** Any number of sections of one form, under names that the file chooses. */
export class Named<Form extends Section> {
  constructor(readonly form: Form) {}
}

/** A default says what kind of value it is. */
export type Leaf = boolean | number | string | Choice<string> | Duration | TextList;

export interface Section {
  readonly [key: string]: Leaf | Section | Named<Section>;
}

/** What a section comes to: every value is there. */
export type Values<Form> = {
  readonly [Key in keyof Form]: Form[Key] extends Choice<infer Text>
    ? Text
    : Form[Key] extends boolean
      ? boolean
      : Form[Key] extends number
        ? number
        : Form[Key] extends string | Duration
          ? string
          : Form[Key] extends TextList
            ? readonly string[]
            : Form[Key] extends Named<infer Inner>
              ? Readonly<Record<string, Values<Inner>>>
              : Values<Form[Key]>;
};

/** What may be given of it. */
export type Given<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Given<Value[Key]> }
    : Value;

const choice = <Text extends string>(...values: readonly [Text, ...Text[]]) => new Choice(values);
const acquire = <Text extends 'always' | 'never'>(initial: Text) =>
  choice<'always' | 'conditional' | 'never'>(
    initial,
    'conditional',
    initial === 'always' ? 'never' : 'always',
  );

const PROVIDER = {
  allow_linking: true,
  client_id: '',
  enabled: false,
  prompt: '',
  secret: '',
} as const;

/** The keys of Hanko's `config.yaml` that FakeHanko follows, with Hanko's defaults (hanko backend/config/config_default.go). */
export const CONFIG_SCHEMA = {
  account: { allow_deletion: false, allow_signup: true },
  email: {
    acquire_on_login: true,
    acquire_on_registration: true,
    enabled: true,
    limit: 5,
    max_length: 120,
    optional: false,
    passcode_charset: choice('numeric', 'alphanumeric'),
    passcode_ttl: 300,
    require_verification: true,
    use_as_login_identifier: true,
    use_for_authentication: true,
  },
  mfa: {
    acquire_on_login: false,
    acquire_on_registration: true,
    device_trust_cookie_name: 'hanko-device-token',
    device_trust_duration: new Duration('720h'),
    device_trust_max_users_per_device: 20,
    device_trust_policy: choice('prompt', 'always', 'never'),
    enabled: true,
    optional: true,
    security_keys: {
      attestation_preference: choice('direct', 'indirect', 'none'),
      authenticator_attachment: choice('cross-platform', 'platform', 'no_preference'),
      enabled: true,
      limit: 10,
      user_verification: choice('discouraged', 'preferred', 'required'),
    },
    totp: { enabled: true },
  },
  passkey: {
    acquire_on_login: acquire('always'),
    acquire_on_registration: acquire('always'),
    attestation_preference: choice('direct', 'indirect', 'none'),
    enabled: true,
    limit: 10,
    optional: true,
    user_verification: choice('preferred', 'discouraged', 'required'),
  },
  password: {
    acquire_on_login: acquire('never'),
    acquire_on_registration: acquire('always'),
    enabled: true,
    min_length: 8,
    optional: false,
    recovery: true,
  },
  privacy: { only_show_actual_login_methods: false, show_account_existence_hints: false },
  service: { name: 'FakeHanko' },
  session: {
    acquire_ip_address: true,
    acquire_user_agent: true,
    allow_revocation: true,
    cookie: { retention: choice('persistent', 'prompt', 'session') },
    show_on_profile: true,
  },
  third_party: {
    allowed_redirect_urls: new TextList(),
    custom_providers: new Named({
      allow_linking: false,
      client_id: '',
      display_name: '',
      enabled: false,
      secret: '',
    }),
    default_redirect_url: '',
    error_redirect_url: '',
    providers: {
      apple: PROVIDER,
      discord: PROVIDER,
      facebook: PROVIDER,
      github: PROVIDER,
      google: PROVIDER,
      linkedin: PROVIDER,
      microsoft: PROVIDER,
    },
    redirect_url: '',
  },
  username: {
    acquire_on_login: true,
    acquire_on_registration: true,
    enabled: false,
    max_length: 32,
    min_length: 3,
    optional: true,
    use_as_login_identifier: true,
  },
} as const satisfies Section;

/** A configuration in which nothing is missing. */
export type HankoConfig = Values<typeof CONFIG_SCHEMA>;

/** Keys of Hanko's `config.yaml`, by Hanko's own words: what is missing has Hanko's default. */
export type FakeHankoConfig = Given<HankoConfig>;
