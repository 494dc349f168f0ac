// linux.netDevices: which network interfaces go into the container, and their names there (config-linux.md, "Network
// Devices").
import type { Linux } from '../bundle/config.ts';

export interface NetDevicePlan {
  /** For errors: `/linux/netDevices/eth0`. */
  label: string;
  hostName: string;
  /** With %d the kernel takes a free number. */
  containerName: string;
}

/** The interfaces to move. */
export function planNetDevices(netDevices: Linux['netDevices']): NetDevicePlan[] {
  return Object.entries(netDevices ?? {}).map(([hostName, { name = '' }]) => ({
    label: `/linux/netDevices/${hostName}`,
    hostName,
    containerName: name === '' ? hostName : name,
  }));
}
