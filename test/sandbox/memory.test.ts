// The memory that there is: by the machine, and by the groups that this process is in.

import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { availableMemory, roomsOfGroups } from "../../builders/sandbox/memory.ts";

const read = (files: Readonly<Record<string, string>>) => (file: string) => files[file] ?? "";

test("each group on the way up leaves what it does not hold; what is cached is no hindrance", () => {
  const files = {
    "/sys/fs/cgroup/a/b/memory.max": "1000\n",
    "/sys/fs/cgroup/a/b/memory.stat": "anon 300\nfile 600\nkernel 50\nshmem 100\n",
    "/sys/fs/cgroup/a/memory.max": "max\n",
    "/sys/fs/cgroup/memory.max": "900\n",
    "/sys/fs/cgroup/memory.stat": "anon 1000\nshmem 0\n",
  };
  expect(roomsOfGroups("0::/a/b\n", read(files))).toEqual([600, 0]);
  expect(roomsOfGroups("0::/\n", read(files))).toEqual([0]);
  expect(roomsOfGroups("", read(files))).toEqual([]);
});

test("the first version's groups tell the least limit of all above them", () => {
  const stat =
    "cache 9\nrss 1\nhierarchical_memory_limit 1000\ntotal_cache 700\ntotal_rss 200\ntotal_shmem 50\n";
  const files = { "/sys/fs/cgroup/memory/x/memory.stat": stat };
  expect(roomsOfGroups("8:pids:/\n4:cpu,memory:/x\n0::/\n", read(files))).toEqual([750]);
});

test("this machine has some, and no more than it has", () => {
  expect(availableMemory()).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
