export { drawPlan } from './plan/draw-plan.js';
export { runPlan } from './runner/run-plan.js';
