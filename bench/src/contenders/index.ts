import { awsJwtVerify } from './aws-jwt-verify.js';
import type { Contender } from './contender.js';
import { docsRecipe } from './docs-recipe.js';
import { expressOAuth2JwtBearer } from './express-oauth2-jwt-bearer.js';
import { fastJwt } from './fast-jwt.js';
import {
  nestjsHanko,
  nestjsHankoCookie,
  nestjsHankoLargeCache,
  nestjsHankoNoCache,
} from './nestjs-hanko.js';
import { none } from './none.js';
import { passportJwt } from './passport-jwt.js';
import { yes } from './yes.js';

/** In the order of the tables. */
export const httpContenders: readonly Contender[] = [
  none,
  yes,
  nestjsHanko,
  nestjsHankoCookie,
  nestjsHankoNoCache,
  fastJwt,
  docsRecipe,
  awsJwtVerify,
  expressOAuth2JwtBearer,
  passportJwt,
];

/** @throws Error for an id that is none. */
export function contenderById(id: string): Contender {
  const found = [...httpContenders, nestjsHankoLargeCache].find((contender) => contender.id === id);
  if (found === undefined) throw new Error(`There is no contender ${id}`);
  return found;
}
