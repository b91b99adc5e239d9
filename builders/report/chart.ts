// A chart of lines over time, as SVG.
// Pure. Knows coordinates and axes; does not know what the values are.

import { type Html, html } from "./html.ts";

export interface Chart {
  readonly title: string;
  /** For those who do not see it: what it shows in a sentence. */
  readonly summary: string;
  /** Milliseconds since 1970, in the order of the points. */
  readonly times: readonly number[];
  /** A line each; where a value is undefined the line has a gap. */
  readonly series: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[];
  readonly format: (value: number) => string;
  /** What a round step is: 10 for counts, 2 for bytes. */
  readonly base: 10 | 2;
  readonly id: string;
}

const width = 1000;
const height = 280;
const area = { left: 76, right: width - 92, top: 14, bottom: height - 30 } as const;

export function chartSvg(chart: Chart): Html {
  const { title, summary, times, series, format, id } = chart;
  const ticks = ticksFor(
    series.flatMap(({ values }) => values.filter((value) => value !== undefined)),
    chart.base,
  );
  const x = scale(Math.min(...times), Math.max(...times), area.left, area.right);
  const y = scale(ticks[0] ?? 0, ticks.at(-1) ?? 1, area.bottom, area.top);
  const lines = series.map(({ values }) => pointsOf(values, times, x, y));
  const labels = apart(lines.map((points) => points.at(-1)?.[1] ?? area.bottom));
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-summary">
<title id="${id}-title">${title}</title><desc id="${id}-summary">${summary}</desc>
<g class="grid">${ticks.map((tick) => html`<line x1="${area.left}" x2="${area.right}" y1="${round(y(tick))}" y2="${round(y(tick))}"/><text x="${area.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${format(tick)}</text>`)}</g>
<g class="grid">${daysFor(times).map(({ time, label, anchor }) => html`<text x="${round(x(time))}" y="${height - 8}" text-anchor="${anchor}">${label}</text>`)}</g>
${series.map(({ label, values }, place) => {
  const name = `series s${place % 6}`;
  const points = lines[place] ?? [];
  const last = points.at(-1);
  if (last === undefined) return "";
  return html`<g class="${name}"><path d="${pathOf(values, times, x, y)}"/>${points.length <= 60 && points.map(([left, top]) => html`<circle cx="${round(left)}" cy="${round(top)}" r="2.5"/>`)}<text x="${round(last[0] + 8)}" y="${round((labels[place] ?? last[1]) + 4)}">${label}</text></g>
`;
})}</svg>`;
}

type Scale = (value: number) => number;

/** A range without extent is shown in its middle. */
function scale(from: number, to: number, low: number, high: number): Scale {
  return (value) => (to === from ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low));
}

/** Round numbers around all values, four to seven of them: from zero only where that costs no detail. */
export function ticksFor(values: readonly number[], base: 10 | 2): number[] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  if (!Number.isFinite(low)) return [0, 1];
  const from = low < high * 0.5 ? 0 : low;
  const step = stepFor(Math.max(high - from, high * 0.02, 1) / 4, base);
  const first = Math.floor(from / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function stepFor(least: number, base: 10 | 2): number {
  if (base === 2) return 2 ** Math.max(0, Math.ceil(Math.log2(least)));
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

/** The first day, the last, and some between where there is room. */
function daysFor(times: readonly number[]) {
  const first = Math.min(...times);
  const last = Math.max(...times);
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  if (day(first) === day(last))
    return [{ time: first, label: day(first), anchor: first === last ? "middle" : "start" }];
  const between = [1, 2, 3].map((part) => first + ((last - first) * part) / 4);
  const wanted = last - first > 8 * 86_400_000 ? [first, ...between, last] : [first, last];
  return wanted.map((time) => ({
    time,
    label: day(time),
    anchor: time === first ? "start" : time === last ? "end" : "middle",
  }));
}

function pointsOf(
  values: readonly (number | undefined)[],
  times: readonly number[],
  x: Scale,
  y: Scale,
): (readonly [number, number])[] {
  return values.flatMap((value, i) => (value === undefined ? [] : [[x(times[i] ?? 0), y(value)] as const]));
}

function pathOf(
  values: readonly (number | undefined)[],
  times: readonly number[],
  x: Scale,
  y: Scale,
): string {
  return values
    .map((value, i) => {
      if (value === undefined) return "";
      const command = i === 0 || values[i - 1] === undefined ? "M" : "L";
      return `${command}${round(x(times[i] ?? 0))} ${round(y(value))}`;
    })
    .join("");
}

/** Labels at the lines' ends, moved so far that none covers another. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const order = heights.map((_, place) => place).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  let least = Number.NEGATIVE_INFINITY;
  for (const place of order) {
    moved[place] = Math.max(moved[place] ?? 0, least);
    least = (moved[place] ?? 0) + 15;
  }
  const over = Math.max(0, least - 15 - area.bottom);
  return moved.map((height) => height - over);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
