import { register } from '@teamhanko/hanko-elements';

// Served beside the page, so that one build runs on any Hanko. In your app: constants.
const { hankoApiUrl, tokenTransport } = await (await fetch('/config.json')).json();
const isHeader = tokenTransport === 'header';

/** Defines <hanko-auth>; what it returns tells of sessions. */
export const { hanko } = await register(hankoApiUrl, {
  sessionTokenLocation: isHeader ? 'sessionStorage' : 'cookie',
});

/** Null in cookie mode: the browser sends it by itself, also when it opens a WebSocket. */
export const sessionToken = () => (isHeader ? sessionStorage.getItem('hanko') : null);

/** What Hanko says of the session, or null while it says nothing. The page has no token to look at. */
export const session = () => hanko.validateSession().catch(() => null);
