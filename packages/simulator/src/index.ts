export { drawPlan } from './plan/draw-plan.js';
export { runPlan } from './runner/run-plan.js';
export { runSeed } from './runner/run-seed.js';
export { bugNamed, deliberateBugs } from './bugs/bug-table.js';
