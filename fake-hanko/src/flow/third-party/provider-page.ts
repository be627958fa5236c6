import type { Attempt } from './third-parties.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 24rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; }
form { display: grid; gap: .75rem; margin: 1rem 0; }
label { display: grid; gap: .25rem; }
label.tick { display: flex; gap: .5rem; align-items: center; }
input:not([type=checkbox]), button { font: inherit; padding: .5rem .75rem; border: 1px solid GrayText; border-radius: .375rem; }
button { cursor: pointer; text-align: left; }`;

/** Nothing of it is loaded from elsewhere, or shown in a frame. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Where somebody says who they are, in place of a third party. */
export function providerPage(
  { provider }: Attempt,
  state: string,
  emails: readonly string[],
): string {
  const name = escape(provider.name);
  const hidden = `<input type="hidden" name="state" value="${escape(state)}">`;
  const known = emails.map(
    (email) => `<form method="post">${hidden}
<input type="hidden" name="verified" value="on">
<button name="email" value="${escape(email)}">Continue as ${escape(email)}</button></form>`,
  );
  return page(
    `Sign in with ${name}`,
    `<p>FakeHanko stands in for ${name}. Choose who you are.</p>
${known.join('\n')}
<form method="post">${hidden}
<label>Email <input type="email" name="email" required autocomplete="off"></label>
<label>Name <input name="name" autocomplete="off"></label>
<label class="tick"><input type="checkbox" name="verified" checked> ${name} has verified the address</label>
<button>Continue as somebody else</button></form>
<form method="post">${hidden}
<button name="error" value="access_denied">Cancel</button>
<button name="error" value="server_error">Fail</button></form>`,
  );
}

/** For who comes without having been sent. */
export const strayPage = (): string =>
  page(
    'No sign-in is under way',
    '<p>It has ended, or took longer than five minutes. Go back to your app and start again.</p>',
  );

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${content}
</main></body></html>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (it) => ENTITIES[it] ?? it);
