// What is only needed when something goes wrong. It is loaded apart, soon after the session is opened.

export { answerProblem, contentProblem, isWorthRepeating } from "./answers.js";
export { nextAttempt, planAfter } from "./attempts.js";
export { entraProblem } from "./entra-errors.js";
export { tell } from "./events.js";
export { forPerson } from "./sentences.js";
