import type { Platform } from '../contenders/contender.js';
import type { Figure } from './figure.js';

// Middle tones, which can be read on white and on GitHub's dark page alike: an image cannot know
// which one it stands on.
const TEXT = '#717d8a';
const GRID = '#717d8a55';
const OWN = '#2f9e6e';
const OTHERS = '#7a8fb0';
const FONT = "font-family='-apple-system, Segoe UI, Helvetica, Arial, sans-serif'";

const WIDTH = 700;
const LABEL_WIDTH = 252;
const VALUE_WIDTH = 40;
const BAR_HEIGHT = 15;
const ROW_HEIGHT = 21;
const TITLE_HEIGHT = 30;
const GAP = 16;
const FOOTER_HEIGHT = 26;
const PLOT_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
/** What the plot has room for: a lucky round can be quicker than its base. */
const MAX_SHARE = 1.15;

const NAMES: Readonly<Record<Platform, string>> = { express: 'Express', fastify: 'Fastify' };

/** The warm ratios as horizontal bars, one block for each platform; a thin line spans the rounds. */
export function chart(figures: readonly Figure[], footer: string): string {
  const warm = figures.filter(({ scenario, metric }) => scenario === 'warm' && metric === 'ratio');
  const parts: string[] = [];
  let y = 0;
  for (const platform of ['express', 'fastify'] as const) {
    const rows = warm.filter((figure) => figure.platform === platform);
    parts.push(block(NAMES[platform], rows, y));
    y += TITLE_HEIGHT + rows.length * ROW_HEIGHT + GAP;
  }
  const height = y + FOOTER_HEIGHT;
  return `<svg xmlns='http://www.w3.org/2000/svg' width='${WIDTH}' height='${height}' viewBox='0 0 ${WIDTH} ${height}' role='img' ${FONT} font-size='12' fill='${TEXT}'>
<title>Requests per second as a share of the same app without a guard, one token</title>
${parts.join('\n')}
${text(0, y + 14, footer, "font-size='11'")}
</svg>
`;
}

function block(platform: string, rows: readonly Figure[], top: number): string {
  const first = top + TITLE_HEIGHT;
  const bottom = first + rows.length * ROW_HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    return `<path d='M${x(share)} ${first - 4}V${bottom}' stroke='${GRID}'/>`;
  });
  const title = `${platform}: throughput of the same app without a guard = 1`;
  return [
    text(0, top + 18, title, "font-weight='600' font-size='13'"),
    ...grid,
    ...rows.map((row, i) => bar(row, first + i * ROW_HEIGHT)),
  ].join('\n');
}

function bar({ subject, median, min, max }: Figure, top: number): string {
  const isOwn = subject.includes('**');
  const middle = top + ROW_HEIGHT / 2;
  const label = subject.replaceAll(/[*`]/g, '');
  const weight = isOwn ? " font-weight='600'" : '';
  return [
    text(LABEL_WIDTH - 8, middle + 4, label, `text-anchor='end'${weight}`),
    `<rect x='${LABEL_WIDTH}' y='${middle - BAR_HEIGHT / 2}' width='${(Number(x(median)) - LABEL_WIDTH).toFixed(1)}' height='${BAR_HEIGHT}' rx='2' fill='${isOwn ? OWN : OTHERS}'/>`,
    `<path d='M${x(min)} ${middle}H${x(max)}' stroke='${TEXT}' stroke-width='1.5'/>`,
    text(WIDTH, middle + 4, median.toFixed(2), `text-anchor='end'${weight}`),
  ].join('\n');
}

/** Where a share of the base's throughput lies. */
const x = (share: number): string =>
  (LABEL_WIDTH + (Math.min(share, MAX_SHARE) / MAX_SHARE) * PLOT_WIDTH).toFixed(1);

const text = (left: number, y: number, content: string, attributes: string): string =>
  `<text x='${left.toFixed(1)}' y='${y.toFixed(1)}' ${attributes}>${escape(content)}</text>`;

const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;');
