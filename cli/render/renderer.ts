// Renderers: the three ways to follow a run: lines, a live display, JSON.
// Knows when something is told; does not know the words (remark, frame, summary), nor the process's streams.

import type { Event } from "../../builders/event.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type Clock, openBoard } from "./board.ts";
import { frameOf } from "./frame.ts";
import { stateOf } from "./job.ts";
import { lastingRemark, logRemark } from "./remark.ts";
import { openScreen, type Terminal } from "./screen.ts";
import { type Summary, summaryLines } from "./summary.ts";
import { hanging, type Looks, leastWidth } from "./text.ts";

/**
 * Shows a run. `done` is called once, when no more events come; it prints the summary. Disposing cleans up what is
 * drawn, whether `done` was called or not, and may be done twice. Nothing is shown after either.
 */
export interface Renderer extends Disposable {
  event(event: Event): void;
  done(summary: Summary): void;
}

/** Calls back once after so many milliseconds, unless what it returns is called before. Must not keep kit alive. */
export type Schedule = (call: () => void, milliseconds: number) => () => void;

export interface PlainOptions extends Partial<Looks> {
  /** With it, long builds are told of also while no event comes. */
  readonly schedule?: Schedule;
}

/**
 * Lines for a pipe or a build server. A derivation that has run for a second has a line, and another every ten
 * seconds. Lines are wrapped at 200 columns unless said otherwise.
 */
export function plainRenderer(
  write: (text: string) => unknown,
  now: Clock,
  options: PlainOptions = {},
): Renderer {
  const looks: Looks = { color: options.color ?? false, width: options.width ?? 200 };
  const board = openBoard(now);
  const told = new Map<Digest, number>();
  let cancel: (() => void) | undefined;
  let closed = false;

  const say = (lines: readonly string[]) =>
    void (lines.length > 0 && write(lines.map((line) => `${line}\n`).join("")));
  const tellRunning = () => {
    for (const job of board.jobs()) {
      const last = told.get(job.id);
      if (now() - (last ?? job.since) < (last === undefined ? long : reportEvery)) continue;
      told.set(job.id, now());
      say(hanging("running: ", `${job.subject}, ${stateOf(job, now())}`, looks.width));
    }
  };
  const watch = () => {
    cancel = undefined;
    tellRunning();
    if (board.jobs().length > 0) cancel = options.schedule?.(watch, tick);
  };
  const close = () => {
    cancel?.();
    closed = true;
  };
  return {
    event(event) {
      if (closed) return;
      board.apply(event);
      say(logRemark(event, looks));
      tellRunning();
      if (board.jobs().length > 0) cancel ??= options.schedule?.(watch, tick);
    },
    done(summary) {
      if (!closed) say(summaryLines(summary, board, looks));
      close();
    },
    [Symbol.dispose]: close,
  };
}

/**
 * A display at the bottom of a terminal: what runs, how far, and the counts; drawn again within 100 ms of an event,
 * else every second. Failures, warnings and steps stay above it. What takes less than 100 ms draws nothing. On what
 * is no terminal, plain lines.
 */
export function liveRenderer(
  terminal: Terminal,
  now: Clock,
  schedule: Schedule,
  { color = false } = {},
): Renderer {
  if (!terminal.isTTY) return plainRenderer((text) => terminal.write(text), now, { color, schedule });
  const board = openBoard(now);
  const screen = openScreen(terminal);
  const lasting: string[] = [];
  let drawnAt = now();
  let next: { readonly at: number; readonly cancel: () => void } | undefined;
  let closed = false;

  const looks = (): Looks => ({ color, width: Math.max(leastWidth, screen.room().columns) });
  const drawBy = (at: number) => {
    if (next && next.at <= at) return;
    next?.cancel();
    next = { at, cancel: schedule(draw, Math.max(0, at - now())) };
  };
  const draw = () => {
    next = undefined;
    drawnAt = now();
    const time = { at: now(), elapsed: board.elapsed(), left: board.left() };
    const moment = { jobs: board.jobs(), counts: board.counts(), ...time };
    screen.draw(lasting.splice(0), frameOf(moment, screen.room(), color));
    drawBy(drawnAt + tick);
  };
  const close = (last: readonly string[]) => {
    if (closed) return;
    closed = true;
    next?.cancel();
    screen.draw([...lasting.splice(0), ...last], []);
  };
  return {
    event(event) {
      if (closed) return;
      board.apply(event);
      lasting.push(...lastingRemark(event, looks()));
      drawBy(drawnAt + betweenDraws);
    },
    done: (summary) => close(summaryLines(summary, board, looks())),
    [Symbol.dispose]: () => close([]),
  };
}

/**
 * Each event as one line of JSON with `time`, milliseconds since the start; the last, of type `done`, has the
 * counts, the failures with how many each blocked, and what the summary says.
 */
export function jsonRenderer(write: (text: string) => unknown, now: Clock): Renderer {
  const board = openBoard(now);
  let closed = false;
  const say = (value: object) =>
    void write(`${harmless(JSON.stringify({ time: Math.round(board.elapsed()), ...value }))}\n`);
  return {
    event(event) {
      if (closed) return;
      board.apply(event);
      say(event);
    },
    done(summary) {
      if (!closed) say({ type: "done", ...board.counts(), failures: board.failures(), ...summary });
      closed = true;
    },
    [Symbol.dispose]: () => {
      closed = true;
    },
  };
}

const tick = 1000;
const long = 1000;
const reportEvery = 10_000;
const betweenDraws = 100;

/** JSON leaves some characters as they are that a terminal obeys; they occur within strings only. */
function harmless(json: string): string {
  const written = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.split("").map(written).join(""),
  );
}
