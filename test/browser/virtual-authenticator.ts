import type { FakePasskey } from 'fake-hanko';
import type { CDPSession, Page } from 'playwright-core';

/** An authenticator that Chromium only pretends to have: it makes real keys, and signs without a touch. */
export class VirtualAuthenticator {
  private constructor(
    private readonly session: CDPSession,
    private readonly authenticatorId: string,
  ) {}

  static async plugInto(page: Page, transport: 'internal' | 'usb'): Promise<VirtualAuthenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport,
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  /** Takes over a key that it has not made. */
  async add({ id, rpId, userHandle, privateKey, signCount }: FakePasskey): Promise<void> {
    const [credentialId, key, handle] = [id, privateKey, userHandle].map((text) =>
      Buffer.from(text, 'base64url').toString('base64'),
    );
    await this.session.send('WebAuthn.addCredential', {
      authenticatorId: this.authenticatorId,
      credential: {
        credentialId: credentialId ?? '',
        isResidentCredential: true,
        rpId,
        privateKey: key ?? '',
        userHandle: handle ?? '',
        signCount,
      },
    });
  }

  /** Passkeys: those that say themselves whose they are. */
  async passkeys(): Promise<number> {
    const { authenticatorId } = this;
    const { credentials } = await this.session.send('WebAuthn.getCredentials', { authenticatorId });
    return credentials.filter((credential) => credential.isResidentCredential).length;
  }
}

/** In the page, as text: no passkeys beside the field of the address. */
export const WITHOUT_AUTOFILL =
  'PublicKeyCredential.isConditionalMediationAvailable = async () => false;';
