import type { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoTokenError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoProfile } from '../profile/hanko-profile.js';
import type { HankoUserProfile } from '../profile/user-profile.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { HankoUser } from '../user/hanko-user.js';

/** What a test says of a user is the profile, and logging out ends the session. Nobody is called. */
export class StubProfile extends HankoProfile {
  constructor(
    options: ResolvedHankoOptions,
    private readonly verifier: HankoAuthService,
    private readonly ended: HankoRevocation,
  ) {
    super(options, verifier, ended);
  }

  override async get(token: string): Promise<HankoUserProfile> {
    return profileOf(await this.verifier.verifyToken(token, { session: 'offline' }));
  }

  override async logout(token: string): Promise<void> {
    try {
      const user = await this.verifier.verifyToken(token, { session: 'offline' });
      await this.ended.endSession(user.sessionId, user.expiresAt.getTime());
    } catch (error) {
      if (!(error instanceof HankoTokenError && error.code === 'session_revoked')) throw error;
    }
  }
}

const profileOf = ({ id, email, username }: HankoUser): HankoUserProfile => ({
  id,
  emails:
    email === undefined
      ? []
      : [{ id, address: email.address, isVerified: email.isVerified, isPrimary: true }],
  ...(username !== undefined && { username }),
  passkeys: [],
  securityKeys: [],
  identities: [],
  hasAuthenticatorApp: false,
  publicMetadata: {},
  unsafeMetadata: {},
});
