// Calls a scenario's `measure` in a process of its own, without HTTP.
import 'reflect-metadata';
import { answerQuestions } from '../child.js';

const { measure } = (await import(process.argv[2] ?? '')) as {
  measure: (input: unknown) => Promise<unknown>;
};
answerQuestions(measure);
