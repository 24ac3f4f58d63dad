/** Tars for tests, written with the `tar` package alone: also such as no honest tool writes. */
import { Header, type HeaderData, Pax } from 'tar';

export type Member =
  | { readonly name: string; readonly content: Buffer | string }
  | { readonly name: string; readonly symlink: string }
  | { readonly name: string; readonly link: string }
  | { readonly name: string; readonly folder: true }
  /** Header fields as they are, and what follows the header. */
  | { readonly raw: HeaderData; readonly body?: Buffer };

export function makeTar(members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(memberBytes), Buffer.alloc(1024)]);
}

function memberBytes(member: Member): Buffer {
  if ('raw' in member) return block(member.raw, member.body);
  const { name: path } = member;
  if ('content' in member) {
    const body = Buffer.from(member.content);
    return block({ path, type: 'File', size: body.byteLength }, body);
  }
  if ('symlink' in member) {
    return block({ path, type: 'SymbolicLink', linkpath: member.symlink, size: 0 });
  }
  if ('link' in member) return block({ path, type: 'Link', linkpath: member.link, size: 0 });
  return block({ path: `${path}/`, type: 'Directory', size: 0 });
}

function block(data: HeaderData, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...data });
  const bytes = Buffer.alloc(512);
  const extended = header.encode(bytes) ? new Pax({ path: data.path ?? '' }).encode() : undefined;
  const padding = Buffer.alloc((512 - (body.byteLength % 512)) % 512);
  return Buffer.concat([extended ?? Buffer.alloc(0), bytes, body, padding]);
}
