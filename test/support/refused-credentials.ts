import { DOCUMENTED_ANSWERS } from './documented-answers.js';
import { type Refusal, refusalWith } from './verifier.js';

export const ambiguous: Refusal = refusalWith('HankoCredentialsError', 'credentials_ambiguous', {
  'WWW-Authenticate': String(DOCUMENTED_ANSWERS.credentials_ambiguous.challenge),
});
