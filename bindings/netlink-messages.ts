// Messages of netlink(7) as bytes: headers, attributes, answers. In the machine's byte order, which is little-endian.

export interface Message {
  type: number;
  flags: number;
  /** What follows the header. */
  payload: Uint8Array;
}

/** A list of attributes: type and value. */
export type Attributes = [type: number, value: Uint8Array][];

export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_EXCL = 0x200;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const HEADER_SIZE = 16;
const align = (size: number): number => (size + 3) & ~3;

/** A request: struct nlmsghdr, the fixed part of its type, attributes. */
export function requestBytes(type: number, flags: number, fixed: Uint8Array, attributes: Attributes): Uint8Array {
  const parts = attributes.map(([attribute, value]) => attributeBytes(attribute, value));
  const length = parts.reduce((sum, part) => sum + part.length, HEADER_SIZE + align(fixed.length));
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags | NLM_F_REQUEST | NLM_F_ACK, true);
  bytes.set(fixed, HEADER_SIZE);
  let at = HEADER_SIZE + align(fixed.length);
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

// struct nlattr
function attributeBytes(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align(4 + value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

/** The messages in what was received. */
export function messagesIn(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
    const length = Math.max(view.getUint32(at, true), HEADER_SIZE);
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      payload: bytes.subarray(at + HEADER_SIZE, at + length),
    });
    at += align(length);
  }
  return messages;
}

// The upper bits of a type are flags: nested, network byte order.
const TYPE_MASK = 0x3fff;

/** The attributes from an offset on. Of several with the same type the last counts. */
export function attributesIn(payload: Uint8Array, offset: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = viewOf(payload);
  for (let at = offset; at + 4 <= payload.length; ) {
    const length = Math.max(view.getUint16(at, true), 4);
    found.set(view.getUint16(at + 2, true) & TYPE_MASK, payload.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

const ACK_TLVS = 0x200;
const ERROR_SIZE = 20;
const ATTRIBUTE_TEXT = 1;

/** What an NLMSG_ERROR or NLMSG_DONE says: the errno, 0 if there's no error, and the kernel's words, if any. */
export function errorIn({ type, flags, payload }: Message): { errno: number; text: string } {
  const errno = payload.length < 4 ? 0 : -viewOf(payload).getInt32(0, true);
  if (errno === 0 || type !== NLMSG_ERROR || (flags & ACK_TLVS) === 0) return { errno, text: '' };
  return { errno, text: textOf(attributesIn(payload, ERROR_SIZE).get(ATTRIBUTE_TEXT)) };
}

/** A string attribute. */
export function textOf(value: Uint8Array = new Uint8Array()): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** A view on exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
