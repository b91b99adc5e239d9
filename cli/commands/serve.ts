// kit serve: a cache's folder over HTTP.
// Knows flags, and how a server begins and ends; does not answer anything itself.

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { Command, Option } from "clipanion";
import type { CacheServer, ServeOptions } from "../../builders/serve/server.ts";
import { folderStorage } from "../../store/cache/folder.ts";
import { encodeInfo, infoName } from "../../store/cache/info.ts";
import type { LocalStorage } from "../../store/cache/storage.ts";
import { asCacheFault } from "../../store/cache/trouble.ts";
import { Fault } from "../../store/model/fault.ts";
import { requireCacheOrEmpty } from "../caches.ts";
import { openRenderer } from "../output.ts";
import type { Renderer } from "../render/renderer.ts";
import { KitCommand } from "./command.ts";
import { isLoopback, readAddress, readCount, readSize, readTls, readToken } from "./endpoint.ts";

export class ServeCommand extends KitCommand {
  static override paths = [["serve"]];
  static override usage = Command.Usage({
    category: "Sharing",
    description: "a cache's folder over HTTP",
    details: `
      Prints its address and serves until it is interrupted; then what is under way has ten seconds to end, and the exit
      status is 0. Everybody may read, or who has the token of \`--read-token-file\`. Who has the token of
      \`--token-file\` may write too: new files only, none of which is ever replaced or removed. An empty
      folder, or one that is not there, becomes a cache with \`--token-file\` or \`--new\`. Needs no store. A token file
      is one line; a token or a key that everybody can read is warned of.
    `,
    examples: [
      ["For this host alone", "kit serve /srv/cache"],
      [
        "For a network, to be pushed to with a token",
        "kit serve /srv/cache --listen 0.0.0.0:8419 --token-file token --certificate host.pem --key host.key",
      ],
    ],
  });

  folder = Option.String({ name: "FOLDER" });
  listen = Option.String("--listen", {
    description: "HOST:PORT (127.0.0.1:8419); port 0 is any that is free",
  });
  tokenFile = Option.String("--token-file", {
    description: "holds the token of who may write: 16 to 512 characters",
  });
  readTokenFile = Option.String("--read-token-file", { description: "holds the token of who may read" });
  certificate = Option.String("--certificate", { description: "PEM, for HTTPS" });
  key = Option.String("--key", { description: "the certificate's private key, PEM" });
  maxUpload = Option.String("--max-upload", { description: "the largest file that is taken (1GiB)" });
  rate = Option.String("--rate", { description: "bytes a second, all transfers together, like 10MiB" });
  maxConnections = Option.String("--max-connections", { description: "connections at once (512)" });
  maxPerClient = Option.String("--max-per-client", {
    description: "requests at once from one address (64)",
  });
  makeNew = Option.Boolean("--new", false, { description: "make an empty folder a cache" });

  override async execute(): Promise<number> {
    const interruption = Promise.withResolvers<void>();
    const release = this.context.onInterrupt(async () => interruption.resolve());
    using renderer = openRenderer(this.context, this.json);
    const say = (text: string) => renderer.event({ type: "step", text });
    const options = this.options(renderer);
    const storage = folderStorage(this.absolute(this.folder));
    await requireCache(storage, { make: this.makeNew, write: options.tokens.write !== undefined });
    // Loaded late: no other command needs a server.
    const { startServer } = await import("../../builders/serve/server.ts");
    const server = await startServer(storage, options);
    try {
      this.tell(server, storage, options);
      say(`serving ${storage.location}: ${accessText(options)}`);
      await interruption.promise;
      say("stopping: what is under way may take ten seconds more");
    } finally {
      await server.close(10_000);
    }
    release();
    say("stopped");
    renderer.done({});
    return 0;
  }

  private tell({ url }: CacheServer, { location }: LocalStorage, options: Options): void {
    const writable = options.tokens.write !== undefined;
    this.print(this.json ? JSON.stringify({ url, folder: location, writable }) : url);
  }

  private options(renderer: Renderer): Options {
    const warn = (text: string) => renderer.event({ type: "warning", text });
    const address = readAddress(this.listen ?? "127.0.0.1:8419");
    const file = (path: string | undefined) => (path === undefined ? undefined : this.absolute(path));
    const token = (option: string, path: string | undefined) =>
      path === undefined ? undefined : readToken(option, this.absolute(path), warn);
    const tokens = {
      write: token("--token-file", this.tokenFile),
      read: token("--read-token-file", this.readTokenFile),
    };
    const paths = { certificate: file(this.certificate), key: file(this.key) };
    const tls = readTls(paths, this.context.now(), warn);
    if (tls === undefined && !isLoopback(address.host) && (tokens.write ?? tokens.read) !== undefined)
      warn("tokens travel unencrypted: give --certificate and --key, or let a proxy encrypt");
    const upload = readSize("--max-upload", this.maxUpload);
    const connections = readCount("--max-connections", this.maxConnections);
    const perAddress = readCount("--max-per-client", this.maxPerClient);
    const bytesPerSecond = readSize("--rate", this.rate);
    return {
      ...address,
      tokens,
      ...(tls && { tls }),
      limits: {
        ...(upload !== undefined && { upload }),
        ...(connections !== undefined && { connections }),
        ...(perAddress !== undefined && { perAddress }),
      },
      rate: bytesPerSecond === undefined ? undefined : { bytesPerSecond, now: () => performance.now() },
      onTrouble: (error) => warn(error instanceof Fault ? error.message : String((error as Error).stack)),
    };
  }
}

type Options = ServeOptions & { readonly tokens: NonNullable<ServeOptions["tokens"]> };

function accessText({ tokens }: Options): string {
  const readers = tokens.read === undefined ? "everybody may read" : "who has a token may read";
  return `${readers}, ${tokens.write === undefined ? "nobody may write" : "who has the token may write"}`;
}

/**
 * That the folder is a cache, or becomes one; and that it can be written to where it shall be.
 *
 * @throws {Fault} `store/no-cache`, `store/not-a-cache`, `store/newer-cache`, `store/cache-unwritable`
 */
async function requireCache(
  storage: LocalStorage,
  { make, write }: { readonly make: boolean; readonly write: boolean },
): Promise<void> {
  const { location } = storage;
  if (!(await requireCacheOrEmpty(storage))) {
    if (!make && !write)
      throw new Fault("store/no-cache", `there is no cache at ${location} yet`, {
        hint: "--new makes one, and so does --token-file, for others to push to",
      });
    await storage.write(infoName, once(encodeInfo()));
  }
  if (!write) return;
  try {
    await access(location, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asCacheFault(error, location, "written");
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
