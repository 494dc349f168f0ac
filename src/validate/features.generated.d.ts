// Types of features.generated.js, which src/validate/generate.ts writes.
import type { ShapeCheck } from './shape-check.ts';

export const isFeatures: ShapeCheck;
