import type { Passcode } from './passcodes.js';
import type { HankoConfig } from '../config/schema.js';
import { type FakeMail, type FakeUser, primaryEmail } from '../store/records.js';
import type { Webhooks } from '../webhooks/webhook-sender.js';

/** English, whatever the language (hanko backend/mail/locales). */
const PASSCODE_TEXTS = {
  login: {
    subject: (code: string) => `Use passcode ${code} to login to your account`,
    text: () => 'Enter the following passcode to verify your identity:',
  },
  email_verification: {
    subject: (code: string) => `Use passcode ${code} to verify your email address`,
    text: () => 'Enter the following passcode to verify your email address:',
  },
  recovery: {
    subject: (code: string) => `Use passcode ${code} to recover your account`,
    text: () => 'Enter the following passcode on your login screen:',
  },
  email_login_attempted: {
    subject: () => 'Provided email address is not recognized',
    text: (service: string) =>
      `You or someone else tried to sign in to ${service}, but the provided email address is not recognized. Please create an account first.`,
  },
  email_registration_attempted: {
    subject: () => 'Provided email address already taken',
    text: (service: string) =>
      `You or someone else tried to register an email for ${service}, but the provided email address is already registered. Please try to log in instead.`,
  },
} as const;

const NOTIFICATION_TEXTS = {
  email_create: ['A new email address has been added', 'An email address has been added.'],
  email_delete: ['An email address has been removed', 'An email address has been removed.'],
  primary_email_update: [
    'Your primary email address has been updated',
    'The primary email address has been updated.',
  ],
  password_update: ['Your password has been updated', 'The password has been updated.'],
  passkey_create: ['A new passkey has been added', 'A new passkey has been added.'],
  mfa_create: [
    'A new MFA method has been added',
    'A new multi-factor (MFA) method has been successfully added.',
  ],
  mfa_delete: ['MFA method removed', 'An existing multi-factor (MFA) method has been removed.'],
} as const;

/** A mail about a change to an account. */
export interface Notified {
  readonly template: string;
  readonly user: FakeUser;
  readonly to: string;
}

/** Mails are not sent but told of: to the webhook `email.send` and to `onMail` (hanko backend/dto/webhook/email.go). */
export class Mailer {
  private readonly notified: Notified[] = [];

  constructor(
    private readonly webhooks: Webhooks,
    private readonly config: Pick<HankoConfig, 'email' | 'security_notifications' | 'service'>,
    private readonly onMail: (mail: FakeMail) => void = () => undefined,
  ) {}

  /** What has been told of changes since this was asked last. */
  takeNotified(): readonly Notified[] {
    return this.notified.splice(0);
  }

  /** A code, or word that somebody tried. */
  passcode(type: keyof typeof PASSCODE_TEXTS, passcode: Passcode, language: string): void {
    const { code, address, expiresAt } = passcode;
    const { subject, text } = PASSCODE_TEXTS[type];
    const { email, service } = this.config;
    const minutes = (email.passcode_ttl / 60).toFixed(0);
    const said = text(service.name);
    const lines =
      code === null ? [said] : [said, code, `The passcode is valid for ${minutes} minutes.`];
    this.send(
      { to: address, subject: subject(code ?? ''), lines, passcode: code },
      {
        accept_language: language,
        language,
        type,
        data: {
          service_name: service.name,
          ...(code !== null && {
            otp_code: code,
            ttl: email.passcode_ttl,
            valid_until: Math.floor(expiresAt / 1000),
          }),
        },
      },
    );
  }

  /** Word that something about the account has changed; to the address that was the primary one. */
  notification(
    template: keyof typeof NOTIFICATION_TEXTS,
    user: FakeUser,
    language: string,
    addresses: Readonly<Record<string, string>> = {},
  ): void {
    const to = primaryEmail(user)?.address;
    const { enabled } = this.config.security_notifications.notifications[template];
    if (to === undefined || !enabled) return;
    if (this.notified.length < 100) this.notified.push({ template, user, to });
    const [subject, text] = NOTIFICATION_TEXTS[template];
    this.send(
      { to, subject, lines: [text], passcode: null },
      {
        accept_language: '',
        language,
        type: 'security_notification',
        data: { template, ...addresses },
      },
    );
  }

  private send(
    {
      to,
      subject,
      lines,
      passcode,
    }: Omit<FakeMail, 'text'> & { readonly lines: readonly string[] },
    more: Readonly<Record<string, unknown>>,
  ): void {
    const text = lines.join('\n\n');
    this.webhooks.send('email.send', {
      subject,
      body_plain: text,
      body: lines.map((line) => `<p>${line}</p>`).join('\n'),
      to_email_address: to,
      delivered_by_hanko: false,
      ...more,
    });
    this.onMail({ to, subject, text, passcode });
  }
}
