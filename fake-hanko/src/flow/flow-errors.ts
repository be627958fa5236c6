/** An error as the Flow API words it. */
export interface FlowError {
  readonly code: string;
  readonly message: string;
  /** Status of the reply. */
  readonly status: number;
}

/** What is wrong with one input. */
export interface InputError extends Omit<FlowError, 'status'> {
  /** What Hanko's code says of it. */
  readonly cause?: string;
}

/** hanko backend/flowpilot/errors.go, backend/flow_api/flow/shared/errors.go */
export const FLOW_ERRORS = {
  technical: flowError('technical_error', 'Something went wrong.', 500),
  expired: flowError('flow_expired_error', 'The flow has expired.', 410),
  notPermitted: flowError('operation_not_permitted_error', 'The operation is not permitted.', 403),
  formData: flowError('form_data_invalid_error', 'Form data invalid.', 400),
  notFound: flowError('not_found', 'The requested resource was not found.', 404),
  tooManyPasscodes: flowError(
    'passcode_max_attempts_reached',
    'The passcode was entered wrong too many times.',
    401,
  ),
  noAuthenticator: flowError(
    'platform_authenticator_required',
    'The device or browser does not support the required platform authenticators.',
    401,
  ),
  discontinuity: flowError('flow_discontinuity_error', "The flow can't be continued.", 500),
  rateLimit: flowError('rate_limit_exceeded', 'The rate limit has been exceeded.', 429),
  unauthorized: flowError('unauthorized', 'The session is invalid.', 401),
  passkeyInvalid: flowError('passkey_invalid', 'The passkey is invalid.', 401),
  passkeyMfaOnly: flowError(
    'webauthn_credential_invalid_mfa_only',
    'This credential can be used as a second factor security key only.',
    401,
  ),
  noSaml: flowError('forbidden', 'SAML is not enabled for this tenant', 403),
} as const;

/** hanko backend/flowpilot/errors.go, backend/flow_api/flow/shared/errors.go (main) */
export const INPUT_ERRORS = {
  missing: { code: 'value_missing_error', message: 'The value is missing.' },
  invalid: { code: 'value_invalid_error', message: 'The value is invalid.' },
  tooLong: { code: 'value_too_long_error', message: 'The value is too long.' },
  tooShort: { code: 'value_too_short_error', message: 'The value is too short.' },
  passcode: { code: 'passcode_invalid', message: 'The passcode is invalid.' },
  otpCode: { code: 'otp_code_invalid', message: 'The OTP code is invalid.' },
  otpCodeUsed: {
    code: 'otp_code_already_used',
    message: 'The OTP code has already been used.',
  },
  metadata: { code: 'invalid_metadata_error', message: 'The metadata is invalid.' },
  username: { code: 'invalid_username_error', message: 'The username is invalid.' },
  usernameExists: { code: 'username_already_exists', message: 'The username already exists.' },
  unknownEmail: { code: 'unknown_email_error', message: 'The email address is unknown.' },
  unknownUsername: { code: 'unknown_username_error', message: 'The username is unknown.' },
  emailExists: { code: 'email_already_exists', message: 'The email address already exists.' },
} as const;

/** Thrown where a flow cannot go on: the answer is the `error` state, and the flow stays as it is. */
export class FlowProblem extends Error {
  constructor(readonly error: FlowError) {
    super(error.message);
  }
}

function flowError(code: string, message: string, status: number): FlowError {
  return { code, message, status };
}
