import {
  count,
  duration,
  flag,
  jsonObject,
  type Key,
  nanoseconds,
  oneOf,
  type Section,
  text,
  texts,
  unused,
} from './keys.js';

/*
 * What a tenant can be configured to do, with Hanko's own names and defaults (hanko backend/config), but for a few that
 * make a server on this machine reachable: each of those says so.
 */

const ACQUIRE = ['always', 'conditional', 'never'] as const;
const USER_VERIFICATION = ['required', 'preferred', 'discouraged'] as const;
const ATTESTATION = ['direct', 'indirect', 'none'] as const;
const NO_MAIL = 'mails are not sent, but told of: onMail, the webhook email.send';
const NO_SAML = 'there is no SAML';

const OWN_PAGE = 'who signs in is chosen on a page of its own';

const provider = () => ({
  allow_linking: flag(true),
  client_id: text(),
  enabled: flag(false),
  prompt: unused(text(), OWN_PAGE),
  secret: text(),
});

const notification = () => ({ enabled: flag(true) });

/** A key that can have one value only: the feature is omitted. */
const never = (why: string): Key<false> => ({
  fallback: false,
  read: (given) =>
    given === false || given === 'false' ? { value: false } : { mustBe: `false: ${why}` },
});

export const TENANT_KEYS = {
  account: { allow_deletion: flag(false), allow_signup: flag(true) },
  cors: {
    /** None: all pages of this machine. Hanko's default is `http://localhost:8888`. */
    allow_origins: texts(),
    unsafe_wildcard_origin_allowed: flag(false),
  },
  email: {
    acquire_on_login: flag(true),
    acquire_on_registration: flag(true),
    enabled: flag(true),
    limit: count(5),
    max_length: count(120),
    optional: flag(false),
    passcode_charset: oneOf('numeric', ['numeric', 'alphanumeric']),
    passcode_ttl: count(300, 1),
    require_verification: flag(true),
    use_as_login_identifier: flag(true),
    use_for_authentication: flag(true),
  },
  email_delivery: {
    enabled: unused(flag(true), NO_MAIL),
    from_address: unused(text('noreply@hanko.io'), NO_MAIL),
    from_name: unused(text('Hanko'), NO_MAIL),
    smtp: {
      host: unused(text('localhost'), NO_MAIL),
      password: unused(text(), NO_MAIL),
      port: unused(text('465'), NO_MAIL),
      user: unused(text(), NO_MAIL),
    },
  },
  mfa: {
    acquire_on_login: flag(false),
    acquire_on_registration: flag(true),
    device_trust_cookie_name: text('hanko-device-token'),
    device_trust_duration: nanoseconds('720h'),
    device_trust_max_users_per_device: count(20, 1),
    device_trust_policy: oneOf('prompt', ['always', 'prompt', 'never']),
    enabled: flag(true),
    optional: flag(true),
    security_keys: {
      attestation_preference: unused(
        oneOf('direct', ATTESTATION),
        'Hanko itself does not look at it',
      ),
      authenticator_attachment: oneOf('cross-platform', [
        'platform',
        'cross-platform',
        'no_preference',
      ]),
      enabled: flag(true),
      limit: count(10),
      user_verification: oneOf('discouraged', USER_VERIFICATION),
    },
    totp: { enabled: flag(true) },
  },
  passkey: {
    acquire_on_login: oneOf('always', ACQUIRE),
    acquire_on_registration: oneOf('always', ACQUIRE),
    attestation_preference: oneOf('direct', ATTESTATION),
    enabled: flag(true),
    limit: count(10),
    optional: flag(true),
    user_verification: oneOf('preferred', USER_VERIFICATION),
  },
  password: {
    acquire_on_login: oneOf('never', ACQUIRE),
    acquire_on_registration: oneOf('always', ACQUIRE),
    enabled: flag(true),
    min_length: count(8, 1),
    optional: flag(false),
    recovery: flag(true),
  },
  privacy: {
    only_show_actual_login_methods: flag(false),
    show_account_existence_hints: flag(false),
  },
  saml: {
    allowed_redirect_urls: unused(texts(), NO_SAML),
    audience_uri: unused(text(), NO_SAML),
    default_redirect_url: unused(text(), NO_SAML),
    enabled: never(NO_SAML),
    endpoint_url: unused(text(), NO_SAML),
    identity_providers: { each: {}, form: 'list', unused: NO_SAML },
    options: {
      allow_missing_attributes: unused(flag(false), NO_SAML),
      force_login: unused(flag(false), NO_SAML),
      sign_authn_requests: unused(flag(false), NO_SAML),
      skip_signature_validation: unused(flag(false), NO_SAML),
      validate_encryption_cert: unused(flag(false), NO_SAML),
    },
  },
  secrets: {
    key_management: {
      key_id: unused(text(), 'keys are generated at start'),
      region: unused(text(), 'keys are generated at start'),
      type: unused(oneOf('local', ['local', 'aws_kms']), 'keys are generated at start'),
    },
    keys: unused(texts(), 'nothing is encrypted'),
  },
  security_notifications: {
    notifications: {
      email_create: notification(),
      email_delete: notification(),
      mfa_create: notification(),
      mfa_delete: notification(),
      passkey_create: notification(),
      password_update: notification(),
      primary_email_update: notification(),
    },
  },
  service: {
    /** Hanko's default is `Hanko Authentication Service`. */
    name: text('FakeHanko'),
  },
  session: {
    acquire_ip_address: flag(true),
    acquire_user_agent: flag(true),
    allow_revocation: flag(true),
    /** None: the id of the relying party. */
    audience: texts(),
    cookie: {
      domain: text(),
      http_only: flag(true),
      name: text(),
      retention: oneOf('persistent', ['session', 'persistent', 'prompt']),
      same_site: oneOf('strict', ['strict', 'lax', 'none']),
      /** Hanko's default is true, which not all browsers take over plain HTTP. */
      secure: flag(false),
    },
    enable_auth_token_header: flag(false),
    idle_timeout: duration('0m'),
    issuer: text(),
    jwt_template: { claims: jsonObject() },
    lifespan: duration('12h'),
    limit: count(5, 1),
    show_on_profile: flag(true),
  },
  third_party: {
    allowed_redirect_urls: texts(),
    custom_providers: {
      form: 'map',
      each: {
        acr_values: unused(texts(), OWN_PAGE),
        allow_linking: flag(false),
        attribute_mapping: unused(jsonObject(), OWN_PAGE),
        authorization_endpoint: unused(text(), OWN_PAGE),
        client_id: text(),
        display_name: text(),
        enabled: flag(false),
        issuer: unused(text(), OWN_PAGE),
        prompt: unused(text(), OWN_PAGE),
        scopes: unused(texts(), OWN_PAGE),
        secret: text(),
        token_endpoint: unused(text(), OWN_PAGE),
        use_discovery: unused(flag(false), OWN_PAGE),
        userinfo_endpoint: unused(text(), OWN_PAGE),
      },
    },
    default_redirect_url: unused(text(), 'Hanko itself does not look at it'),
    error_redirect_url: text(),
    providers: {
      apple: provider(),
      discord: provider(),
      facebook: provider(),
      github: provider(),
      google: provider(),
      linkedin: provider(),
      microsoft: provider(),
    },
    redirect_url: text(),
  },
  username: {
    acquire_on_login: flag(true),
    acquire_on_registration: flag(true),
    enabled: flag(false),
    max_length: count(32, 1),
    min_length: count(3, 1),
    optional: flag(true),
    use_as_login_identifier: flag(true),
  },
  webauthn: {
    relying_party: {
      /** Hanko's default is `Hanko Authentication Service`. */
      display_name: text('FakeHanko'),
      icon: unused(text(), 'browsers no longer show it'),
      id: text('localhost'),
      /** None: all pages of this machine. Hanko's default is `http://localhost:8888`. */
      origins: texts(),
    },
    timeouts: { login: count(600_000, 1), registration: count(600_000, 1) },
  },
  webhooks: {
    allow_time_expiration: flag(false),
    enabled: flag(false),
    hooks: { form: 'list', each: { callback: text(), events: texts() } },
  },
} as const satisfies Section;
