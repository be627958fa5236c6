import { SettingsService } from '@simplewebauthn/server';

// As Hanko, it trusts every maker of authenticators: to look for revoked certificates would need the network.
SettingsService.setRootCertificates({ identifier: 'apple', certificates: [] });

/**
 * What FakeHanko uses of SimpleWebAuthn, a well-kept library that verifies keys, signatures and the statements of
 * every kind of authenticator. The package holds a copy of this part, so that it installs nothing else.
 */
export { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
export { decodeAttestationObject, parseAuthenticatorData } from '@simplewebauthn/server/helpers';
