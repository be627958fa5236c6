import { type Refusal } from './verifier.js';

export const ambiguous: Refusal = {
  name: 'HankoCredentialsError',
  code: 'credentials_ambiguous',
  status: 400,
  body: {
    statusCode: 400,
    code: 'credentials_ambiguous',
    message: 'The request carries more than one credential',
  },
  headers: {
    'WWW-Authenticate':
      'Bearer error="invalid_request", error_description="The request carries more than one credential"',
  },
  leaks: [],
};
