/** The frame of the page: the script fills it. */
export const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fake-hanko</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/fake-hanko/style.css">
<script type="module" src="/fake-hanko/script.js"></script>
</head>
<body>
<header>
<h1>fake-hanko</h1>
<p>It is no login server: made for tests and development. Public API: <code id="url"></code></p>
</header>
<main>
<p id="status" role="status"></p>
<section aria-labelledby="mails-title">
<h2 id="mails-title">Mails</h2>
<p id="no-mails">None yet. Passcodes appear here when they are sent.</p>
<ul id="mails"></ul>
</section>
<section aria-labelledby="users-title">
<h2 id="users-title">Users and sessions</h2>
<p id="no-users">None yet. Register one on your page, or pass --user.</p>
<ul id="users"></ul>
</section>
<section id="token-section" aria-labelledby="token-title" hidden>
<h2 id="token-title">Token</h2>
<label for="token">Of a new session: send it as <code>Authorization: Bearer</code>, or as the cookie <code>hanko</code></label>
<textarea id="token" rows="6" readonly spellcheck="false"></textarea>
<button type="button" id="copy">Copy</button>
</section>
<noscript>This page needs JavaScript. The Admin API does not.</noscript>
</main>
</body>
</html>
`;
