/** Follows the reader's choice of light and dark. */
export const STYLE = `:root { color-scheme: light dark; --line: light-dark(#d4d4d8, #3f3f46); --quiet: light-dark(#52525b, #a1a1aa); }
* { box-sizing: border-box; }
html { background: light-dark(#fff, #18181b); color: light-dark(#18181b, #fafafa); }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); padding: .75rem 0; }
li li { border: 0; padding: .25rem 0 .25rem 1rem; display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
p { margin: .25rem 0; }
.quiet { color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
.code { font: 1.5rem ui-monospace, monospace; letter-spacing: .1em; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; padding: .25rem .75rem; }
textarea { display: block; width: 100%; font: .875rem ui-monospace, monospace; margin: .5rem 0; }
code { overflow-wrap: anywhere; }
`;
