// An OCI image layout of given layers: the exact bytes of config, manifest, index and marker.
// Knows the image specification; does not know where layers come from, nor any disk.

import { type Sha256, sha256Of } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";

/** An uncompressed tar: its digest is its diff id, and its bytes depend on no compressor. */
export interface OciLayer {
  readonly digest: Sha256;
  /** Bytes. */
  readonly size: number;
  readonly diffId: Sha256;
}

export interface OciImage {
  /** As Debian names it: `amd64`, `armhf`. */
  readonly architecture: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The tag under which tools find it in the layout: `latest` by default. */
  readonly tag?: string;
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A file of the layout, its path relative to the layout's folder. */
export interface OciFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface OciLayout {
  /** `oci-layout`, `index.json`, and the blobs of config and manifest; the layers' blobs are the caller's. */
  readonly files: readonly OciFile[];
  /** By this registries will know the image. */
  readonly manifest: Sha256;
  readonly config: Sha256;
}

/**
 * The layout of one image. Layers stand bottom first; the same arguments give the same bytes.
 *
 * Source: OCI image-spec 1.1 (image-layout.md, image-index.md, manifest.md, config.md), whose documents are
 * valid under 1.0 too.
 *
 * @throws {Fault} `manifest/unsupported-architecture` on an architecture OCI has no name for
 */
export function ociLayout(layers: readonly OciLayer[], image: OciImage): OciLayout {
  const platform = platformOf(image.architecture);
  const config = blobOf(configOf(layers, image, platform));
  const manifest = blobOf({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config, config),
    layers: layers.map((layer) => descriptor(mediaTypes.layer, layer)),
  });
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        ...descriptor(mediaTypes.manifest, manifest),
        annotations: { "org.opencontainers.image.ref.name": image.tag ?? "latest" },
        platform,
      },
    ],
  };
  const files = [
    { path: "oci-layout", bytes: encode({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", bytes: encode(index) },
    { path: ociBlobPath(config.digest), bytes: config.bytes },
    { path: ociBlobPath(manifest.digest), bytes: manifest.bytes },
  ];
  return { files, manifest: manifest.digest, config: config.digest };
}

/** Where a layout keeps a blob. */
export function ociBlobPath(digest: Sha256): string {
  return `blobs/sha256/${digest}`;
}

const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

interface Platform {
  readonly architecture: string;
  readonly os: "linux";
  readonly variant?: string;
}

// Go's names (GOARCH), which OCI takes, with the variants its index document lists.
const architectures: Readonly<Record<string, Omit<Platform, "os">>> = {
  amd64: { architecture: "amd64" },
  arm64: { architecture: "arm64", variant: "v8" },
  armel: { architecture: "arm", variant: "v5" },
  armhf: { architecture: "arm", variant: "v7" },
  i386: { architecture: "386" },
  loong64: { architecture: "loong64" },
  mips64el: { architecture: "mips64le" },
  mipsel: { architecture: "mipsle" },
  ppc64el: { architecture: "ppc64le" },
  riscv64: { architecture: "riscv64" },
  s390x: { architecture: "s390x" },
};

function platformOf(debian: string): Platform {
  const found = Object.hasOwn(architectures, debian) ? architectures[debian] : undefined;
  if (found === undefined) {
    throw new Fault(
      "manifest/unsupported-architecture",
      `OCI images have no name for the architecture ${debian}`,
      {
        hint: `known are ${Object.keys(architectures).join(", ")}`,
      },
    );
  }
  const { architecture, variant } = found;
  return { architecture, os: "linux", ...(variant !== undefined && { variant }) };
}

function configOf(layers: readonly OciLayer[], image: OciImage, platform: Platform): unknown {
  const created = new Date(image.created * 1000).toISOString().replace(".000Z", "Z");
  const environment = sorted(image.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  const labels = sorted(image.labels ?? {});
  return {
    created,
    ...platform,
    config: {
      ...(environment.length > 0 && { Env: environment }),
      ...(image.entrypoint && { Entrypoint: image.entrypoint }),
      ...(labels.length > 0 && { Labels: Object.fromEntries(labels) }),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map(() => ({ created, created_by: "kit" })),
  };
}

function sorted(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function descriptor(mediaType: string, { digest, size }: { digest: Sha256; size: number }) {
  return { mediaType, digest: `sha256:${digest}`, size };
}

function blobOf(document: unknown): { bytes: Buffer; digest: Sha256; size: number } {
  const bytes = encode(document);
  return { bytes, digest: sha256Of(bytes), size: bytes.length };
}

function encode(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
