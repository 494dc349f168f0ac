// Types of config.generated.js, which src/validate/generate.ts writes.
import type { ShapeCheck } from './shape.ts';

export const isConfig: ShapeCheck;
export const isProcess: ShapeCheck;
export const isResources: ShapeCheck;
