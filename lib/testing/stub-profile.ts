import type { HankoVerifyOptions } from '../auth/authenticate-options.js';
import type { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoTokenError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { Hankos } from '../tenants/hankos.js';
import { HankoProfile, type HankoProfileOptions } from '../profile/hanko-profile.js';
import type { HankoUserProfile } from '../profile/user-profile.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { HankoUser } from '../user/hanko-user.js';

/** What a test says of a user is the profile, and logging out ends the session. Nobody is called. */
export class StubProfile extends HankoProfile {
  constructor(
    options: ResolvedHankoOptions,
    private readonly verifier: HankoAuthService,
    private readonly ended: HankoRevocation,
    hankos: Hankos,
  ) {
    super(options, verifier, ended, hankos);
  }

  override async get(
    token: string,
    { tenant }: HankoProfileOptions = {},
  ): Promise<HankoUserProfile> {
    return profileOf(await this.verifier.verifyToken(token, verifyOptions(tenant)));
  }

  override async logout(token: string, { tenant }: HankoProfileOptions = {}): Promise<void> {
    try {
      const user = await this.verifier.verifyToken(token, verifyOptions(tenant));
      await this.ended.endSession(user.sessionId, user.expiresAt.getTime(), user.tenantId);
    } catch (error) {
      if (!(error instanceof HankoTokenError && error.code === 'session_revoked')) throw error;
    }
  }
}

const verifyOptions = (tenant: string | undefined): HankoVerifyOptions => ({
  session: 'offline',
  ...(tenant !== undefined && { tenant }),
});

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
