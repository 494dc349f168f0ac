// What the engine leaves to the program of the foreground (src/launcher/foreground.ts).

/** Its descriptors: of the FIFO that tells the result, and of the container's folder, whose lock is held. */
export const FOREGROUND = { resultFd: 3, folderFd: 4 } as const;
