// A headless Chromium, driven over its DevTools protocol through a pipe.
// Knows the protocol (chromedevtools.github.io/devtools-protocol); does not know any page.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

export interface Browser extends AsyncDisposable {
  newPage(): Promise<BrowserPage>;
}

export interface BrowserPage {
  /** What the page complained of: errors, refused scripts, what was not found. */
  readonly complaints: readonly string[];
  /** Every address that was asked for. */
  readonly requested: readonly string[];
  /** Milliseconds until the page says nothing is busy in it any more. */
  open(url: string): Promise<number>;
  /** The value of an expression, awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Until an expression is true. */
  until(expression: string): Promise<void>;
  /** A real click in the middle of the first element that fits. */
  click(selector: string): Promise<void>;
  /** Keys as a keyboard sends them: `Enter`, `ArrowDown`, `a`. */
  press(...keys: readonly string[]): Promise<void>;
  type(text: string): Promise<void>;
  emulate(settings: {
    readonly dark?: boolean;
    readonly width?: number;
    readonly height?: number;
  }): Promise<void>;
  screenshot(): Promise<Buffer>;
}

type Send = (method: string, params?: object, session?: string) => Promise<Record<string, unknown>>;
type Listener = (method: string, params: Record<string, unknown>, session: string | undefined) => void;

export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "kit-browser-"));
  const child = spawn("chromium", [...switches, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: profile },
  });
  const { send, listen } = openPipe(child);
  return {
    newPage: () => openPage(send, listen),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      void send("Browser.close").catch(() => child.kill("SIGKILL"));
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Root cannot have Chromium's sandbox; what is opened is the tests' own. */
const switches = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-extensions",
  "--hide-scrollbars",
  "--remote-debugging-pipe",
];

/** Messages are JSON, each ended by a zero byte, on descriptors 3 and 4. */
function openPipe(child: ChildProcess): { send: Send; listen: (listener: Listener) => void } {
  const [, , , to, from] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const listeners = new Set<Listener>();
  let last = 0;
  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  child.on("error", (error) => fail(`chromium cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => fail(`chromium ended: ${code ?? signal}`));
  to.on("error", () => {});
  let rest = "";
  from.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const { id, result, error, method, params, sessionId } = JSON.parse(message);
      if (id === undefined) for (const listener of listeners) listener(method, params, sessionId);
      else {
        if (error) waiting.get(id)?.reject(new Error(`${error.message} ${error.data ?? ""}`));
        else waiting.get(id)?.resolve(result);
        waiting.delete(id);
      }
    }
  });
  return {
    listen: (listener) => void listeners.add(listener),
    send(method, params = {}, sessionId) {
      const settle = Promise.withResolvers<Record<string, unknown>>();
      waiting.set(++last, settle);
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
      return settle.promise;
    },
  };
}

async function openPage(sendAll: Send, listen: (listener: Listener) => void): Promise<BrowserPage> {
  const { targetId } = await sendAll("Target.createTarget", { url: "about:blank" });
  const attached = await sendAll("Target.attachToTarget", { targetId, flatten: true });
  const session = attached["sessionId"] as string;
  const send: Send = (method, params) => sendAll(method, params, session);
  const complaints: string[] = [];
  const requested: string[] = [];
  listen((method, params, from) => {
    if (from !== session) return;
    if (method === "Network.requestWillBeSent") requested.push((params["request"] as { url: string }).url);
    const complaint = complaintIn(method, params);
    if (complaint !== undefined) complaints.push(complaint);
  });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  };
  const until = async (expression: string) => {
    for (const start = performance.now(); performance.now() - start < 30_000; ) {
      if (await evaluate<boolean>(`Boolean(${expression})`).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    throw new Error(`never true: ${expression}`);
  };
  const mouse = (type: string, at: object) =>
    send("Input.dispatchMouseEvent", { type, button: "left", clickCount: 1, ...at });
  return {
    complaints,
    requested,
    evaluate,
    until,
    async open(url) {
      const begun = performance.now();
      // What is behind another page is not drawn.
      await send("Page.bringToFront");
      // Another part of the same document would not be loaded anew.
      await send("Page.navigate", { url: "about:blank" });
      await send("Page.navigate", { url });
      await until(
        `location.href !== "about:blank" && document.readyState === "complete" && !document.querySelector("[aria-busy]")`,
      );
      return performance.now() - begun;
    },
    async click(selector) {
      const at = await evaluate<{ x: number; y: number }>(`(() => {
        const element = document.querySelector(${JSON.stringify(selector)});
        element.scrollIntoView({ block: "center" });
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      })()`);
      await mouse("mousePressed", at);
      await mouse("mouseReleased", at);
    },
    async press(...keys) {
      for (const key of keys) {
        const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
        const windowsVirtualKeyCode = codes[key] ?? key.toUpperCase().charCodeAt(0);
        const event = { key, windowsVirtualKeyCode, ...(text !== undefined && { text }) };
        await send("Input.dispatchKeyEvent", {
          type: text === undefined ? "rawKeyDown" : "keyDown",
          ...event,
        });
        await send("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode });
      }
    },
    type: (text) => send("Input.insertText", { text }).then(() => {}),
    async emulate({ dark = false, width = 1280, height = 900 }) {
      const scheme = { name: "prefers-color-scheme", value: dark ? "dark" : "light" };
      await send("Emulation.setEmulatedMedia", { features: [scheme] });
      await send("Emulation.setDeviceMetricsOverride", {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
    },
    screenshot: async () => Buffer.from((await send("Page.captureScreenshot"))["data"] as string, "base64"),
  };
}

const codes: Readonly<Record<string, number>> = {
  Backspace: 8,
  Tab: 9,
  Enter: 13,
  Escape: 27,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
};

function complaintIn(method: string, params: Record<string, unknown>): string | undefined {
  if (method === "Runtime.exceptionThrown") return JSON.stringify(params["exceptionDetails"]);
  if (method === "Log.entryAdded") {
    const { level, text, url } = params["entry"] as { level: string; text: string; url?: string };
    return level === "error" || level === "warning" ? `${level}: ${text} ${url ?? ""}` : undefined;
  }
  if (method !== "Runtime.consoleAPICalled" || params["type"] === "log") return undefined;
  return JSON.stringify(params["args"]);
}
