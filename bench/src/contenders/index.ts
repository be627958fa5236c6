import { awsJwtVerify } from './aws-jwt-verify.js';
import type { Contender } from './contender.js';
import { docsRecipe } from './docs-recipe.js';
import { expressOAuth2JwtBearer } from './express-oauth2-jwt-bearer.js';
import { fastJwt } from './fast-jwt.js';
import { looks } from './looks.js';
import {
  nestjsHanko,
  nestjsHankoCookie,
  nestjsHankoLargeCache,
  nestjsHankoNoCache,
  nestjsHankoOnline,
  nestjsHankoOnlineAccept,
  nestjsHankoRefresh,
  nestjsHankoRefreshRequest,
  nestjsHankoRequest,
  nestjsHankoTenants,
  nestjsHankoTenantsRefresh,
} from './nestjs-hanko.js';
import { none } from './none.js';
import { parameter } from './parameter.js';
import { passportJwt } from './passport-jwt.js';
import { validateRecipe } from './validate-recipe.js';
import { yes } from './yes.js';

/** In the order of the tables. */
export const httpContenders: readonly Contender[] = [
  none,
  yes,
  parameter,
  nestjsHankoRequest,
  nestjsHanko,
  nestjsHankoCookie,
  nestjsHankoNoCache,
  fastJwt,
  docsRecipe,
  awsJwtVerify,
  expressOAuth2JwtBearer,
  passportJwt,
];

/** Those that are compared in what it costs to ask Hanko about sessions. */
export const sessionContenders: readonly Contender[] = [
  none,
  parameter,
  nestjsHanko,
  nestjsHankoRefresh,
  nestjsHankoRefreshRequest,
  nestjsHankoOnline,
  validateRecipe,
];

/** Those that are measured in scenarios of their own alone. */
const others: readonly Contender[] = [
  looks,
  nestjsHankoLargeCache,
  nestjsHankoOnlineAccept,
  nestjsHankoTenants,
  nestjsHankoTenantsRefresh,
];

/** @throws Error for an id that is none. */
export function contenderById(id: string): Contender {
  const all = [...httpContenders, ...sessionContenders, ...others];
  const found = all.find((contender) => contender.id === id);
  if (found === undefined) throw new Error(`There is no contender ${id}`);
  return found;
}
