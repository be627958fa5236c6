export { withHankoAuth } from './with-hanko-auth.js';

export type { OpenApiDocument } from './open-api.js';
