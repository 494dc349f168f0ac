// Types of state.generated.js, which src/validate/generate.ts writes.
import type { ShapeCheck } from './shape.ts';

export const isState: ShapeCheck;
