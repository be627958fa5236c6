export { describeRoutes } from '../audit/describe-routes.js';
export {
  expectNoOpenRoutes,
  type ExpectNoOpenRoutesOptions,
} from '../audit/expect-no-open-routes.js';
export { HankoStub } from './hanko-stub.js';
export { hankoUser } from './stub-user.js';

export type { HankoRouteDescription } from '../audit/route-description.js';
export type { OverridableBuilder } from './hanko-stub.js';
export type { HankoStubUser } from './stub-user.js';
