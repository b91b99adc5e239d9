// System calls Node does not have, over libc by koffi: mounts, extended attributes, locks, device nodes; and the way to
// other libraries.
// Knows how to call; does not know what kit calls them for.

import { createRequire } from "node:module";
import { getSystemErrorMap } from "node:util";

/** An `errno` as Node itself would throw it. */
export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
}

export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
} as const;
export const fileTypes = { character: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

export interface System {
  mount(source: string, target: string, type: string, flags: number, options: string): void;
  unmount(target: string, lazy: boolean): void;
  /** Writes everything of the file system that holds the open file to disk. */
  syncFileSystem(fd: number): void;
  /** The same on another thread. */
  syncFileSystemLater(fd: number): Promise<void>;
  /** Lets the disk begin with what was written to a file, without waiting for it. */
  startWriting(fd: number): void;
  /** Takes a whole-file lock without waiting; false where another process holds it. The lock goes with the fd. */
  tryLock(fd: number, mode: "shared" | "exclusive"): boolean;
  /** The same, waiting for it: for locks that are held for microseconds. */
  lock(fd: number, mode: "shared" | "exclusive"): void;
  unlock(fd: number): void;
  /** How many bytes lie in a pipe. */
  unread(fd: number): number;
  makeNode(path: string, mode: number, major: number, minor: number): void;
  /** Attributes of the path itself, not of what a link points to; empty where the file system has none. */
  listAttributes(path: string): string[];
  getAttribute(path: string, name: string): Buffer;
  setAttribute(path: string, name: string, value: Uint8Array): void;
  umask(mask: number): number;
  /**
   * The functions of a shared library, each by its declaration in C; `null` is what this process has of its own.
   *
   * @throws where the loader refuses the file, or a function is not in it
   */
  library(file: string | null): (declaration: string) => (...args: unknown[]) => unknown;
  /** Where the bytes lie. Holds as long as they do, and only for what V8 keeps outside its heap. */
  addressOf(bytes: Uint8Array): bigint;
}

/** Loads libc (13 ms for the addon, so only the processes that build call this). */
export function openSystem(): System {
  // biome-ignore lint/suspicious/noExplicitAny: koffi's functions are typed by the declaration in their text
  const koffi = createRequire(import.meta.url)("koffi") as any;
  const libc = koffi.load("libc.so.6");
  const call = (declaration: string) => {
    const func = libc.func(declaration) as (...args: unknown[]) => number;
    const name = /(\w+)\(/.exec(declaration)?.[1] ?? declaration;
    return (path: string | undefined, ...args: unknown[]): number => {
      const value = func(...args);
      if (value < 0) throw systemError(koffi.errno() as number, name, path);
      return value;
    };
  };
  const mount = call("int mount(const char *, const char *, const char *, unsigned long, const char *)");
  const umount2 = call("int umount2(const char *, int)");
  const syncfs = call("int syncfs(int)");
  const syncfsAsync = libc.func("int syncfs(int)").async as (
    fd: number,
    done: (error: unknown, value: number) => void,
  ) => void;
  const syncRange = call("int sync_file_range(int, int64_t, int64_t, unsigned int)");
  const flock = call("int flock(int, int)");
  const ioctl = call("int ioctl(int, unsigned long, _Out_ uint8_t *)");
  const mknod = call("int mknod(const char *, unsigned int, unsigned long)");
  const llistxattr = call("long llistxattr(const char *, _Out_ uint8_t *, size_t)");
  const lgetxattr = call("long lgetxattr(const char *, const char *, _Out_ uint8_t *, size_t)");
  const lsetxattr = call("int lsetxattr(const char *, const char *, const uint8_t *, size_t, int)");
  const umask = call("unsigned int umask(unsigned int)");
  const buffer = Buffer.alloc(65536);
  return {
    mount: (source, target, type, flags, options) => void mount(target, source, target, type, flags, options),
    unmount: (target, lazy) => void umount2(target, target, lazy ? 2 : 0),
    syncFileSystem: (fd) => void syncfs(undefined, fd),
    syncFileSystemLater: (fd) =>
      new Promise((resolve, reject) => {
        syncfsAsync(fd, (error: unknown, value: number) => {
          if (error || value < 0) reject(error ?? new Error("syncfs failed"));
          else resolve();
        });
      }),
    // SYNC_FILE_RANGE_WRITE, of the whole file.
    startWriting: (fd) => void syncRange(undefined, fd, 0, 0, 2),
    tryLock(fd, mode) {
      try {
        flock(undefined, fd, (mode === "shared" ? 1 : 2) | 4);
        return true;
      } catch (error) {
        if ((error as SystemError).code === "EAGAIN" || (error as SystemError).code === "EWOULDBLOCK")
          return false;
        throw error;
      }
    },
    lock(fd, mode) {
      for (;;) {
        try {
          return void flock(undefined, fd, mode === "shared" ? 1 : 2);
        } catch (error) {
          if ((error as SystemError).code !== "EINTR") throw error;
        }
      }
    },
    unlock: (fd) => void flock(undefined, fd, 8),
    unread(fd) {
      const count = Buffer.alloc(4);
      // FIONREAD, the same on x86-64 and arm64.
      ioctl(undefined, fd, 0x541b, count);
      return count.readInt32LE();
    },
    makeNode: (path, mode, major, minor) => void mknod(path, path, mode, deviceNumber(major, minor)),
    listAttributes(path) {
      try {
        const size = llistxattr(path, path, buffer, buffer.length);
        return size === 0
          ? []
          : buffer
              .toString("utf8", 0, size - 1)
              .split("\0")
              .sort();
      } catch (error) {
        if ((error as SystemError).code === "ENOTSUP" || (error as SystemError).code === "EOPNOTSUPP")
          return [];
        throw error;
      }
    },
    getAttribute: (path, name) =>
      Buffer.from(buffer.subarray(0, lgetxattr(path, path, name, buffer, buffer.length))),
    setAttribute: (path, name, value) =>
      void lsetxattr(path, path, name, Buffer.from(value), value.length, 0),
    umask: (mask) => umask(undefined, mask),
    library(file) {
      const loaded = koffi.load(file);
      return (declaration) => loaded.func(declaration);
    },
    addressOf: (bytes) => BigInt(koffi.address(bytes)),
  };
}

/** A device number as glibc's makedev(3) packs it. */
function deviceNumber(major: number, minor: number): bigint {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn);
}

function systemError(errno: number, syscall: string, path: string | undefined): SystemError {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, "unknown error"];
  const where = path === undefined ? "" : ` '${path}'`;
  return Object.assign(new Error(`${code}: ${message}, ${syscall}${where}`), {
    code,
    errno: -errno,
    syscall,
    ...(path && { path }),
  });
}
