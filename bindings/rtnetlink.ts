// The requests of rtnetlink(7) that move a network interface, and what the kernel answers, as bytes.
import {
  type Attributes,
  attributesIn,
  type Message,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  requestBytes,
  textOf,
  viewOf,
} from './netlink-messages.ts';

export const RTM_NEWLINK = 16;
export const RTM_NEWADDR = 20;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const RTM_GETADDR = 22;

const IFLA_IFNAME = 3;
const IFLA_NET_NS_FD = 28;
const IFLA_NEW_IFINDEX = 49;
const IFA_LABEL = 3;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;

const IFF_UP = 1;
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_UNIVERSE = 0;
// What may be set: NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN. The rest is the kernel's to know.
const SETTABLE_FLAGS = 0x02 | 0x10 | 0x100 | 0x200 | 0x400;

export interface Request {
  /** For errors: `RTM_SETLINK`. */
  name: string;
  bytes: Uint8Array;
}

export interface Link {
  index: number;
  name: string;
  isUp: boolean;
}

/** An interface's address. */
export interface Address {
  index: number;
  family: number;
  prefixLength: number;
  scope: number;
  isPermanent: boolean;
  flags: number;
  label: string;
  /** What else the kernel tells of it, without its lifetime. */
  others: Attributes;
}

// struct ifinfomsg
function linkHeader(index = 0, flags = 0, change = 0): Uint8Array {
  return new Uint8Array(Int32Array.of(0, index, flags, change).buffer);
}

const encoder = new TextEncoder();
const string = (text: string): Uint8Array => encoder.encode(`${text}\0`);
const int32 = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

/** Asks for the interface with a name. */
export function getLinkRequest(name: string): Request {
  const bytes = requestBytes(RTM_GETLINK, 0, linkHeader(), [[IFLA_IFNAME, string(name)]]);
  return { name: 'RTM_GETLINK', bytes };
}

/** Asks for all interfaces. */
export function allLinksRequest(): Request {
  return { name: 'RTM_GETLINK', bytes: requestBytes(RTM_GETLINK, NLM_F_DUMP, linkHeader(), []) };
}

export interface Move {
  index: number;
  /** The namespace where it goes. */
  namespaceFd: number;
  /** Its name there; with %d the kernel takes a free number. */
  name: string;
  /** Its index there; undefined: the kernel finds one. */
  newIndex: number | undefined;
}

/** Moves an interface to another network namespace. */
export function moveLinkRequest({ index, namespaceFd, name, newIndex }: Move): Request {
  const attributes: Attributes = [
    [IFLA_NET_NS_FD, int32(namespaceFd)],
    [IFLA_IFNAME, string(name)],
  ];
  if (newIndex !== undefined) attributes.push([IFLA_NEW_IFINDEX, int32(newIndex)]);
  return { name: 'RTM_SETLINK', bytes: requestBytes(RTM_SETLINK, 0, linkHeader(index), attributes) };
}

/** Sets an interface up. */
export function linkUpRequest(index: number): Request {
  return { name: 'RTM_SETLINK', bytes: requestBytes(RTM_SETLINK, 0, linkHeader(index, IFF_UP, IFF_UP), []) };
}

/** Asks for all addresses of all interfaces and families. */
export function allAddressesRequest(): Request {
  return { name: 'RTM_GETADDR', bytes: requestBytes(RTM_GETADDR, NLM_F_DUMP, new Uint8Array(8), []) };
}

/** Gives an interface an address. */
export function newAddressRequest({ index, family, prefixLength, scope, flags, label, others }: Address): Request {
  const fixed = new Uint8Array(8);
  fixed.set([family, prefixLength, flags & 0xff & SETTABLE_FLAGS, scope]);
  viewOf(fixed).setUint32(4, index, true);
  const attributes: Attributes = [...others, [IFA_FLAGS, int32(flags & SETTABLE_FLAGS)]];
  if (label !== '') attributes.push([IFA_LABEL, string(label)]);
  return { name: 'RTM_NEWADDR', bytes: requestBytes(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, fixed, attributes) };
}

/** The interface in an RTM_NEWLINK. */
export function linkIn({ payload }: Message): Link {
  const view = viewOf(payload);
  return {
    index: view.getInt32(4, true),
    name: textOf(attributesIn(payload, 16).get(IFLA_IFNAME)),
    isUp: (view.getUint32(8, true) & IFF_UP) !== 0,
  };
}

/** The address in an RTM_NEWADDR. */
export function addressIn({ payload }: Message): Address {
  const [family = 0, prefixLength = 0, shortFlags = 0, scope = 0] = payload;
  const attributes = attributesIn(payload, 8);
  const longFlags = attributes.get(IFA_FLAGS);
  const flags = longFlags === undefined ? shortFlags : viewOf(longFlags).getUint32(0, true);
  const handled = [IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS];
  return {
    index: viewOf(payload).getUint32(4, true),
    family,
    prefixLength,
    scope,
    isPermanent: (flags & IFA_F_PERMANENT) !== 0,
    flags,
    label: textOf(attributes.get(IFA_LABEL)),
    others: [...attributes].filter(([type]) => !handled.includes(type)),
  };
}

/** Whether an address is one that is kept when its interface moves: config-linux.md, "Network Devices". */
export function isKept({ isPermanent, scope }: Address): boolean {
  return isPermanent && scope === RT_SCOPE_UNIVERSE;
}
