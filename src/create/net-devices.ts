// Moves network interfaces into the container's network namespace, with their addresses (config-linux.md, "Network
// Devices"). From there on they are the namespace's: nothing moves them back but a `create` that fails.
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { ask, netlinkSocket, netlinkSocketIn } from '../../bindings/netlink.ts';
import * as R from '../../bindings/rtnetlink.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import type { NetDevicePlan } from '../plan/net-devices.ts';

/** A network namespace, and a socket in it. */
interface Side {
  namespaceFd: number;
  socketFd: number;
}

interface Device extends NetDevicePlan {
  link: R.Link;
  addresses: R.Address[];
  /** In the container. */
  newIndex: number;
}

/** The interfaces that one container gets. */
export class NetDevices {
  readonly #sides: Side[] = [];
  readonly #moved: Device[] = [];

  constructor(readonly plan: NetDevicePlan[]) {}

  /**
   * Moves all of them.
   * @param pid a process in the container's network namespace
   */
  move(pid: number): void {
    const [host, container] = this.#open(pid);
    const devices = lookUp(this.plan, host, container);
    for (const device of devices) {
      this.#moved.push(device);
      step(device.label, () => {
        const { link, addresses, newIndex, containerName } = device;
        const { namespaceFd } = container;
        ask(
          host.socketFd,
          R.moveLinkRequest({ index: link.index, namespaceFd, name: containerName, newIndex }),
          device.hostName,
        );
        giveAddresses(container, newIndex, { addresses, oldName: link.name });
        ask(container.socketFd, R.linkUpRequest(newIndex), containerName);
      });
    }
  }

  /** Moves those back that were moved. What the kernel forgets when an interface moves, such as routes, is lost. */
  moveBack(): void {
    const [host, container] = this.#sides;
    if (host === undefined || container === undefined) return;
    for (const device of this.#moved.reverse()) moveOneBack(device, host, container);
  }

  /** The namespace lives on only as long as the container. */
  close(): void {
    for (const { namespaceFd, socketFd } of this.#sides.splice(0)) {
      closeSync(socketFd);
      closeSync(namespaceFd);
    }
  }

  #open(pid: number): [Side, Side] {
    const host: Side = { namespaceFd: openSync('/proc/thread-self/ns/net', 'r'), socketFd: netlinkSocket() };
    this.#sides.push(host);
    const namespaceFd = openSync(`/proc/${pid}/ns/net`, 'r');
    const container: Side = { namespaceFd, socketFd: netlinkSocketIn(namespaceFd) };
    this.#sides.push(container);
    if (fstatSync(namespaceFd).ino === fstatSync(host.namespaceFd).ino) {
      throw new RuntimeError("/linux/netDevices: the container's network namespace is the runtime's own");
    }
    return [host, container];
  }
}

// Before anything is moved: a name that is taken is an error, an index that is taken is replaced.
function lookUp(plan: NetDevicePlan[], host: Side, container: Side): Device[] {
  const links = ask(container.socketFd, R.allLinksRequest(), 'all').map(R.linkIn);
  const names = new Set(links.map(({ name }) => name));
  const indexes = new Set(links.map(({ index }) => index));
  const addresses = ask(host.socketFd, R.allAddressesRequest(), 'all')
    .filter(({ type }) => type === R.RTM_NEWADDR)
    .map(R.addressIn);
  return plan.map((device) =>
    step(device.label, () => {
      const link = linkNamed(host, device.hostName);
      if (names.has(device.containerName)) {
        throw new RuntimeError(`the container's network namespace has an interface "${device.containerName}" already`);
      }
      const newIndex = indexes.has(link.index) ? Math.max(...indexes) + 1 : link.index;
      indexes.add(newIndex);
      const kept = addresses.filter((address) => address.index === link.index && R.isKept(address));
      return { ...device, link, addresses: kept, newIndex };
    }),
  );
}

function linkNamed({ socketFd }: Side, name: string): R.Link {
  try {
    const answer = ask(socketFd, R.getLinkRequest(name), name).find(({ type }) => type === R.RTM_NEWLINK);
    if (answer !== undefined) return R.linkIn(answer);
  } catch (error) {
    if (errnoOf(error) !== 'ENODEV') throw error;
  }
  throw new RuntimeError(`there is no network interface "${name}" in the runtime's network namespace`, {
    errno: 'ENODEV',
  });
}

// A label without a colon is the interface's name, which the kernel puts there itself.
function giveAddresses(
  { socketFd }: Side,
  index: number,
  { addresses, oldName }: { addresses: R.Address[]; oldName: string },
): void {
  for (const address of addresses) {
    const label = address.label === oldName ? '' : address.label;
    const what = `${addressText(address)}/${address.prefixLength}`;
    ask(socketFd, R.newAddressRequest({ ...address, index, label }), what);
  }
}

const AF_INET = 2;
const IFA_ADDRESS = 1;

function addressText({ family, others }: R.Address): string {
  const bytes = others.find(([type]) => type === IFA_ADDRESS)?.[1] ?? new Uint8Array();
  if (family === AF_INET) return bytes.join('.');
  return (Buffer.from(bytes).toString('hex').match(/..../g) ?? []).join(':');
}

function moveOneBack({ link, addresses, hostName, newIndex }: Device, host: Side, container: Side): void {
  const { namespaceFd } = host;
  try {
    const move = { index: newIndex, namespaceFd, name: link.name, newIndex: undefined };
    ask(container.socketFd, R.moveLinkRequest(move), hostName);
  } catch (error) {
    // It has not come that far.
    if (errnoOf(error) === 'ENODEV') return;
    throw error;
  }
  const { index } = linkNamed(host, link.name);
  giveAddresses(host, index, { addresses, oldName: link.name });
  if (link.isUp) ask(host.socketFd, R.linkUpRequest(index), hostName);
}
