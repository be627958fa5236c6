type Acquire = 'always' | 'conditional' | 'never';

/** Hanko takes one text for a list of it. */
type Texts = readonly string[] | string;

type ProviderName =
  'apple' | 'discord' | 'facebook' | 'github' | 'google' | 'linkedin' | 'microsoft';

type NotificationName =
  | 'email_create'
  | 'email_delete'
  | 'mfa_create'
  | 'mfa_delete'
  | 'passkey_create'
  | 'password_update'
  | 'primary_email_update';

interface ProviderConfig {
  readonly allow_linking?: boolean;
  readonly client_id?: string;
  readonly enabled?: boolean;
  readonly prompt?: string;
  readonly secret?: string;
}

interface RateLimitConfig {
  readonly interval?: string;
  readonly tokens?: number;
}

/**
 * The keys of Hanko's `config.yaml`, as an object, with Hanko's defaults. What each means is in Hanko's documentation.
 * Durations are texts, such as `12h`.
 */
export interface FakeHankoConfig {
  /** Whether users may register, and delete their account. */
  readonly account?: {
    readonly allow_deletion?: boolean;
    readonly allow_signup?: boolean;
  };
  /** The log at `GET /audit_logs` of the Admin API. Default off, as in Hanko. */
  readonly audit_log?: {
    readonly console_output?: unknown;
    readonly mask?: boolean;
    readonly retention?: string;
    readonly storage?: {
      readonly enabled?: boolean;
    };
  };
  /** Pages that may call it. Default: those of this machine. */
  readonly cors?: {
    readonly allow_origins?: Texts;
    readonly unsafe_wildcard_origin_allowed?: boolean;
  };
  /** Not used: everything is kept in memory. */
  readonly database?: unknown;
  /** Not used: Hanko would add details to errors. */
  readonly debug?: boolean;
  /** Not used: mails are not sent. */
  readonly default_email_delivery?: unknown;
  /** How addresses are asked for and used. */
  readonly email?: {
    readonly acquire_on_login?: boolean;
    readonly acquire_on_registration?: boolean;
    readonly enabled?: boolean;
    readonly limit?: number;
    readonly max_length?: number;
    readonly optional?: boolean;
    readonly passcode_charset?: 'numeric' | 'alphanumeric';
    readonly passcode_ttl?: number;
    readonly require_verification?: boolean;
    readonly use_as_login_identifier?: boolean;
    readonly use_for_authentication?: boolean;
  };
  /** Not used: mails are not sent. */
  readonly email_delivery?: {
    readonly enabled?: boolean;
    readonly from_address?: string;
    readonly from_name?: string;
    readonly smtp?: {
      readonly host?: string;
      readonly password?: string;
      readonly port?: string;
      readonly user?: string;
    };
  };
  /** Not used: one process serves all. */
  readonly flow_locker?: unknown;
  /** Not used: it logs nothing. */
  readonly log?: unknown;
  /** Second factors and trusted devices. */
  readonly mfa?: {
    readonly acquire_on_login?: boolean;
    readonly acquire_on_registration?: boolean;
    readonly device_trust_cookie_name?: string;
    readonly device_trust_duration?: string;
    readonly device_trust_max_users_per_device?: number;
    readonly device_trust_policy?: 'always' | 'prompt' | 'never';
    readonly enabled?: boolean;
    readonly optional?: boolean;
    readonly security_keys?: {
      readonly attestation_preference?: 'direct' | 'indirect' | 'none';
      readonly authenticator_attachment?: 'platform' | 'cross-platform' | 'no_preference';
      readonly enabled?: boolean;
      readonly limit?: number;
      readonly user_verification?: 'required' | 'preferred' | 'discouraged';
    };
    readonly totp?: {
      readonly enabled?: boolean;
    };
  };
  /** Whether it has tenants, and a management API. Default off. */
  readonly multi_tenancy?: {
    readonly enabled?: boolean;
  };
  /** How passkeys are asked for and used. */
  readonly passkey?: {
    readonly acquire_on_login?: Acquire;
    readonly acquire_on_registration?: Acquire;
    readonly attestation_preference?: 'direct' | 'indirect' | 'none';
    readonly enabled?: boolean;
    readonly limit?: number;
    readonly optional?: boolean;
    readonly user_verification?: 'required' | 'preferred' | 'discouraged';
  };
  /** How passwords are asked for and used. */
  readonly password?: {
    readonly acquire_on_login?: Acquire;
    readonly acquire_on_registration?: Acquire;
    readonly enabled?: boolean;
    readonly min_length?: number;
    readonly optional?: boolean;
    readonly recovery?: boolean;
  };
  /** Whether the sign-in gives away which accounts there are. */
  readonly privacy?: {
    readonly only_show_actual_login_methods?: boolean;
    readonly show_account_existence_hints?: boolean;
  };
  /** How often passwords and codes may be tried. */
  readonly rate_limiter?: {
    readonly enabled?: boolean;
    readonly otp_limits?: RateLimitConfig;
    readonly passcode_limits?: RateLimitConfig;
    readonly password_limits?: RateLimitConfig;
    readonly redis_config?: unknown;
    readonly store?: string;
    readonly token_limits?: RateLimitConfig;
  };
  /** Not used, and `enabled` must be false: there is no SAML. */
  readonly saml?: {
    readonly allowed_redirect_urls?: Texts;
    readonly audience_uri?: string;
    readonly default_redirect_url?: string;
    readonly enabled?: false;
    readonly endpoint_url?: string;
    readonly identity_providers?: readonly unknown[];
    readonly options?: {
      readonly allow_missing_attributes?: boolean;
      readonly force_login?: boolean;
      readonly sign_authn_requests?: boolean;
      readonly skip_signature_validation?: boolean;
      readonly validate_encryption_cert?: boolean;
    };
  };
  /** Not used: nothing is encrypted. */
  readonly secret_keys?: unknown;
  /** Not used: keys are generated at start. */
  readonly secrets?: {
    readonly key_management?: {
      readonly key_id?: string;
      readonly region?: string;
      readonly type?: 'local' | 'aws_kms';
    };
    readonly keys?: Texts;
  };
  /** Mails that tell of changes to an account. */
  readonly security_notifications?: {
    readonly notifications?: Partial<
      Readonly<Record<NotificationName, { readonly enabled?: boolean }>>
    >;
  };
  /** Only the ports of `address` are used: `host` says where it listens. */
  readonly server?: {
    readonly admin?: {
      readonly address?: string;
    };
    readonly ip?: unknown;
    readonly management?: {
      readonly address?: string;
    };
    readonly public?: {
      readonly address?: string;
    };
  };
  /** Name of the service, in mails. */
  readonly service?: {
    readonly name?: string;
  };
  /** Tokens, cookies and life of sessions. */
  readonly session?: {
    readonly acquire_ip_address?: boolean;
    readonly acquire_user_agent?: boolean;
    readonly allow_revocation?: boolean;
    readonly audience?: Texts;
    readonly cookie?: {
      readonly domain?: string;
      readonly http_only?: boolean;
      readonly name?: string;
      readonly retention?: 'session' | 'persistent' | 'prompt';
      readonly same_site?: 'strict' | 'lax' | 'none';
      readonly secure?: boolean;
    };
    readonly enable_auth_token_header?: boolean;
    readonly idle_timeout?: string;
    readonly issuer?: string;
    readonly jwt_template?: {
      readonly claims?: Readonly<Record<string, unknown>>;
    };
    readonly lifespan?: string;
    readonly limit?: number;
    readonly show_on_profile?: boolean;
  };
  /** Sign-in by other providers. */
  readonly third_party?: {
    readonly allowed_redirect_urls?: Texts;
    readonly custom_providers?: Readonly<
      Record<
        string,
        {
          readonly acr_values?: Texts;
          readonly allow_linking?: boolean;
          readonly attribute_mapping?: Readonly<Record<string, unknown>>;
          readonly authorization_endpoint?: string;
          readonly client_id?: string;
          readonly display_name?: string;
          readonly enabled?: boolean;
          readonly issuer?: string;
          readonly prompt?: string;
          readonly scopes?: Texts;
          readonly secret?: string;
          readonly token_endpoint?: string;
          readonly use_discovery?: boolean;
          readonly userinfo_endpoint?: string;
        }
      >
    >;
    readonly default_redirect_url?: string;
    readonly error_redirect_url?: string;
    readonly providers?: Partial<Readonly<Record<ProviderName, ProviderConfig>>>;
    readonly redirect_url?: string;
  };
  /** How user names are asked for and used. */
  readonly username?: {
    readonly acquire_on_login?: boolean;
    readonly acquire_on_registration?: boolean;
    readonly enabled?: boolean;
    readonly max_length?: number;
    readonly min_length?: number;
    readonly optional?: boolean;
    readonly use_as_login_identifier?: boolean;
  };
  /** The relying party of passkeys. Its id is the default audience. */
  readonly webauthn?: {
    readonly relying_party?: {
      readonly display_name?: string;
      readonly icon?: string;
      readonly id?: string;
      readonly origins?: Texts;
    };
    readonly timeouts?: {
      readonly login?: number;
      readonly registration?: number;
    };
  };
  /** Receivers of webhooks, on this machine. */
  readonly webhooks?: {
    readonly allow_time_expiration?: boolean;
    readonly enabled?: boolean;
    readonly hooks?: readonly {
      readonly callback?: string;
      readonly events?: Texts;
    }[];
  };
}
