// What the engine leaves to the program of the foreground (src/launcher/foreground.ts).

/** Its descriptors: of the FIFO that tells the result, and of the container's folder, whose lock is held. */
export const FOREGROUND = { resultFd: 3, folderFd: 4 } as const;

/** How many descriptors the launcher looks at, from 3 on, for one of the caller's (src/launcher/launcher.ts). */
export const LOOKED_AT = 64;
