// Documents of an rpm repository, as createrepo_c writes them, and readings of them.
// Knows the formats as a writer; does not know how kit reads them.

export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

export interface PackageParts {
  readonly name?: string;
  readonly arch?: string;
  readonly version?: string;
  readonly checksum?: string;
  readonly location?: string;
  readonly summary?: string;
  readonly size?: string;
  readonly format?: string;
  /** Elements beside the others. */
  readonly more?: string;
}

const pkgid = "ab".repeat(32);

/** A package of primary.xml; each part is XML, and replaces a sound one. */
export function packageXml(parts: PackageParts = {}): string {
  return `<package type="rpm">
  <name>${parts.name ?? "hello"}</name>
  <arch>${parts.arch ?? "x86_64"}</arch>
  ${parts.version ?? '<version epoch="0" ver="1.0" rel="2"/>'}
  ${parts.checksum ?? `<checksum type="sha256" pkgid="YES">${pkgid}</checksum>`}
  <summary>${parts.summary ?? "Says hello"}</summary>
  <description>It
says hello.</description>
  <time file="1700000001" build="1700000000"/>
  ${parts.size ?? '<size package="1000" installed="2000" archive="3000"/>'}
  ${parts.location ?? '<location href="Packages/h/hello.rpm"/>'}
  ${parts.more ?? ""}
  <format>
    <rpm:license>MIT</rpm:license>
    <rpm:vendor/>
    <rpm:sourcerpm>hello-1.0-2.src.rpm</rpm:sourcerpm>
    ${parts.format ?? ""}
  </format>
</package>`;
}

export function primaryXml(...packages: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">
${packages.join("\n")}
</metadata>`;
}

export function filelistsXml(...packages: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${packages.length}">
${packages.join("\n")}
</filelists>`;
}

export interface DataParts {
  readonly type?: string;
  readonly checksum?: string;
  readonly location?: string;
  readonly size?: string;
  readonly more?: string;
}

/** A `<data>` of repomd.xml; each part is XML, and replaces a sound one. */
export function dataXml(parts: DataParts = {}): string {
  const type = parts.type ?? "primary";
  return `<data type="${type}">
    ${parts.checksum ?? `<checksum type="sha256">${"01".repeat(32)}</checksum>`}
    <open-checksum type="sha256">${"02".repeat(32)}</open-checksum>
    ${parts.location ?? `<location href="repodata/0101-${type}.xml.gz"/>`}
    <timestamp>1700000000</timestamp>
    ${parts.size ?? "<size>1020</size><open-size>3212</open-size>"}
    ${parts.more ?? ""}
  </data>`;
}

export function repomdXml(revision: string, ...data: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>${revision}</revision>
  ${data.join("\n  ")}
</repomd>`;
}
