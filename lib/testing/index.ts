export { describeRoutes } from '../audit/describe-routes.js';
export {
  expectNoOpenRoutes,
  type ExpectNoOpenRoutesOptions,
} from '../audit/expect-no-open-routes.js';

export type { HankoRouteDescription } from '../audit/route-description.js';
