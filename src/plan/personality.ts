// linux.personality as the number that personality(2) takes (config-linux.md, "Personality").
import type { Linux } from '../bundle/config.ts';

// include/uapi/linux/personality.h
const DOMAINS: Record<string, number> = { LINUX: 0x0000, LINUX32: 0x0008 };

/** The persona; undefined: it's not changed. The rules accept no flags. */
export function planPersonality(personality: Linux['personality']): number | undefined {
  return DOMAINS[personality?.domain ?? ''];
}
