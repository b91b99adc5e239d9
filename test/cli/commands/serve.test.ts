// kit serve as users run it: what it says, what it refuses, and how it ends. The bundled program is tried in
// test/e2e; here it is the sources.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, inject, it } from "vitest";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { ask, connectTo, packOf, put, until } from "../../builders/serve/rig.ts";
import { isRoot } from "../../store/rig.ts";
import { folder, kit, program } from "./rig.ts";

const token = "a-token-that-is-long-enough";
const { name: pack, bytes: packed } = packOf("pack");

interface Serving {
  readonly url: string;
  readonly process: ChildProcess;
  readonly said: { stdout: string; stderr: string };
  /** Exit status. */
  readonly ended: Promise<number | null>;
}

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

async function serve(argv: readonly string[], directory = folder()): Promise<Serving> {
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", ...argv], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: inject("scratch") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += text));
  child.stderr.on("data", (text) => (said.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until(() => said.stderr.includes("serving ") || child.exitCode !== null);
  const url = /https?:\/\/[^\s"]+/.exec(said.stdout)?.[0] ?? "";
  if (url === "") throw new Error(`it does not serve:\n${said.stderr}`);
  return { url, process: child, said, ended };
}

function cache(): string {
  const place = mkdtempSync(join(inject("scratch"), "cache-"));
  writeFileSync(join(place, "kit-cache-info"), '{"format":"kit/cache/1","priority":7}\n');
  mkdirSync(join(place, "packs"));
  writeFileSync(join(place, pack), packed);
  return place;
}

function secret(text: string, mode = 0o600): string {
  const file = join(folder(), "secret");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

describe("serving", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("begins, answers, and ends with 0 at %s", async (signal) => {
    const place = cache();
    const { url, process: child, said, ended } = await serve([place]);
    expect(said.stdout).toBe(`${url}\n`);
    expect((await ask(`${url}/${pack}`)).body).toEqual(packed);
    expect((await put(`${url}/packs/${hexOf(digestOf("new"))}`, "new", { token })).status).toBe(403);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(said.stderr.split("\n")).toEqual([
      `serving ${place}: everybody may read, nobody may write`,
      "stopping: what is under way may take ten seconds more",
      "stopped",
      "",
    ]);
  });

  it("makes an empty folder a cache that who has the token writes to", async () => {
    const place = join(folder(), "new", "cache");
    const { url, process: child, ended } = await serve([place, "--token-file", secret(`${token}\n`)]);
    expect(readFileSync(join(place, "kit-cache-info"), "utf8")).toBe('{"format":"kit/cache/1"}\n');
    expect((await put(`${url}/${pack}`, packed, { token })).status).toBe(201);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(readFileSync(join(place, pack))).toEqual(packed);
    const again = await serve([place, "--read-token-file", secret(token)]);
    expect((await ask(`${again.url}/${pack}`)).status).toBe(401);
    expect((await ask(`${again.url}/${pack}`, { token })).body).toEqual(packed);
  });

  it("with --json says the same as data", async () => {
    const place = cache();
    const { url, process: child, said, ended } = await serve([place, "--json"]);
    expect(JSON.parse(said.stdout)).toEqual({ url, folder: place, writable: false });
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    const lines = said.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(["step", "step", "step", "done"]);
  });

  it("lets an upload end that is under way, and a second signal does not wait for it", async () => {
    const place = cache();
    const { name, bytes } = packOf("under way");
    const head = `PUT /${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    const incoming = () =>
      existsSync(join(place, ".incoming")) ? readdirSync(join(place, ".incoming")).length : 0;
    const begin = async () => {
      // What one that was killed left stays for a day.
      const before = incoming();
      const serving = await serve([place, "--token-file", secret(token)]);
      const client = await connectTo(serving.url);
      client.socket.write(head);
      await until(() => incoming() > before);
      serving.process.kill("SIGTERM");
      await until(() => serving.said.stderr.includes("stopping"));
      return { ...serving, ...client };
    };
    const impatient = await begin();
    impatient.process.kill("SIGTERM");
    expect(await impatient.ended).toBe("");
    await until(() => impatient.process.exitCode !== null);
    expect(impatient.process.exitCode).toBe(130);
    expect(existsSync(join(place, name))).toBe(false);
    const patient = await begin();
    patient.socket.write(bytes);
    expect(await patient.ended).toMatch(/^HTTP\/1\.1 201 /);
    await until(() => patient.process.exitCode !== null);
    expect(patient.process.exitCode).toBe(0);
    expect(readFileSync(join(place, name))).toEqual(bytes);
  });

  it("warns of secrets that others can read, and of tokens that travel unencrypted", async () => {
    const { said } = await serve([cache(), "--token-file", secret(token, 0o644), "--listen", "0.0.0.0:0"]);
    expect(said.stderr).toMatch(/everybody on this host can read \S+: chmod 600/);
    expect(said.stderr).toContain("tokens travel unencrypted");
  });

  it("tells who runs it what it could not do", async () => {
    const place = cache();
    const { url, said } = await serve([place]);
    writeFileSync(join(place, "kit-cache-info"), "{}");
    expect((await ask(`${url}/kit-cache-info`)).status).toBe(500);
    await until(() => said.stderr.includes("is no cache"));
  });
});

describe("a mistake", () => {
  const refused = (argv: readonly string[]) => kit(["serve", "--listen", "127.0.0.1:0", ...argv]);

  it.each([
    [["--listen", "8419"], "usage/bad-option"],
    [["--listen", "127.0.0.1"], "usage/bad-option"],
    [["--listen", "127.0.0.1:65536"], "usage/bad-option"],
    [["--listen", "[127.0.0.1]:1"], "usage/bad-option"],
    [["--listen", "::1:1"], "usage/bad-option"],
    [["--max-upload", "much"], "usage/bad-option"],
    [["--rate", "0B"], "usage/bad-option"],
    [["--max-connections", "0"], "usage/bad-option"],
    [["--max-per-client", "many"], "usage/bad-option"],
    [["--certificate", "x"], "usage/bad-option"],
    [["--token-file", "/nowhere"], "usage/no-file"],
    [["--token-file", "/"], "usage/no-file"],
    [["--key", "/nowhere", "--certificate", "/nowhere"], "usage/no-file"],
  ])("%j ends with 2", (argv, code) => {
    const { status, stdout, stderr } = refused([cache(), ...argv]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`[${code}, exit 2]`);
  });

  it.each([
    ["", "is empty"],
    ["\n", "is empty"],
    ["short", "holds no token"],
    [`${token}\n${token}`, "holds no token"],
    [`${token} and more`, "holds no token"],
  ])("a token file of %j ends with 2", (text, told) => {
    const { status, stderr } = refused([cache(), "--token-file", secret(text)]);
    expect(status).toBe(2);
    expect(stderr).toContain(told);
    expect(stderr).toContain("hint: a new one:");
    expect(stderr).not.toContain(token);
  });

  it("a certificate that is none, and a key of another, end with 2", () => {
    const text = secret("text");
    const first = refused([cache(), "--certificate", text, "--key", text]);
    expect(first.stderr).toContain("[usage/bad-certificate, exit 2]");
    const place = folder();
    for (const name of ["a", "b"])
      spawnSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          "rsa:2048",
          "-nodes",
          "-subj",
          "/CN=x",
          "-keyout",
          `${name}.key`,
          "-out",
          `${name}.pem`,
        ],
        { cwd: place },
      );
    if (!existsSync(join(place, "b.key"))) return;
    const other = refused([cache(), "--certificate", join(place, "a.pem"), "--key", join(place, "b.key")]);
    expect({ status: other.status, said: other.stderr }).toEqual({
      status: 2,
      said: expect.stringContaining("certificate and key cannot be used"),
    });
  });

  it("a folder that is no cache, or none, ends with 5 and stays as it is", () => {
    const other = folder();
    writeFileSync(join(other, "file"), "x");
    const empty = folder();
    const newer = folder();
    writeFileSync(join(newer, "kit-cache-info"), '{"format":"kit/cache/2"}\n');
    for (const [place, code] of [
      [empty, "store/no-cache"],
      [join(empty, "absent"), "store/no-cache"],
      [other, "store/not-a-cache"],
      [join(other, "file"), "store/not-a-cache"],
      [newer, "store/newer-cache"],
    ] as const) {
      const { status, stdout, stderr } = refused([place]);
      expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
      expect(stderr).toContain(`[${code}, exit 5]`);
    }
    expect(refused([other, "--new"]).stderr).toContain("store/not-a-cache");
    expect([readdirSync(empty), readdirSync(other)]).toEqual([[], ["file"]]);
  });

  it("a folder that cannot be written to ends with 5 where it shall be", () => {
    const place = cache();
    const isReadOnly = isRoot
      ? spawnSync("mount", ["--bind", "-o", "ro", place, place]).status === 0
      : (chmodSync(place, 0o555), true);
    if (!isReadOnly) return;
    try {
      const { status, stderr } = refused([place, "--token-file", secret(token)]);
      expect(status).toBe(5);
      expect(stderr).toContain("[store/cache-unwritable, exit 5]");
    } finally {
      if (isRoot) spawnSync("umount", [place]);
    }
  });

  it("a port that is taken ends with 7", async () => {
    const { url } = await serve([cache()]);
    const { status, stderr } = refused([cache(), "--listen", new URL(url).host]);
    expect(status).toBe(7);
    expect(stderr).toContain("[host/cannot-listen, exit 7]");
  });
});
