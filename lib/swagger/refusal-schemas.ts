import { ANSWERS, type HankoAnswerCode } from '../errors/error-codes.js';
import { DEMANDS } from '../requirements/demands.js';
import { componentRef, type Fields } from './open-api.js';

/** Those schemas of our bodies that operations refer to, and that these refer to. */
export function schemasReferredToIn(paths: Fields): Fields {
  let text = JSON.stringify(paths);
  const referredTo = Object.entries(SCHEMAS).filter(([name, schema]) => {
    const isIn = text.includes(`"#/components/schemas/${name}"`);
    if (isIn) text += JSON.stringify(schema);
    return isIn;
  });
  return Object.fromEntries(referredTo);
}

/** The body of an answer that has one of these codes. */
export function bodySchema(codes: readonly HankoAnswerCode[]): Fields {
  const plain = codes.filter((code) => !Object.hasOwn(OWN_SCHEMA, code));
  const bodies = [
    ...(plain.length === 0 ? [] : [plainBody(plain)]),
    ...codes.flatMap((code) => {
      const name = (OWN_SCHEMA as Readonly<Record<string, string>>)[code];
      return name === undefined ? [] : [componentRef(name)];
    }),
  ];
  return bodies.length === 1 ? (bodies[0] as Fields) : { oneOf: bodies };
}

const OWN_SCHEMA = {
  step_up_required: 'HankoStepUpError',
  requirement_not_met: 'HankoRequirementError',
} as const satisfies Partial<Record<HankoAnswerCode, string>>;

const plainBody = (codes: readonly HankoAnswerCode[]): Fields => ({
  allOf: [
    componentRef('HankoError'),
    { type: 'object', properties: { code: { type: 'string', enum: codes } } },
  ],
});

const UNMET: Fields = { type: 'array', items: componentRef('HankoUnmetRequirement') };

const unmet = (requirement: string, fields: Fields): Fields => ({
  type: 'object',
  required: ['requirement', ...Object.keys(fields)],
  properties: { requirement: { type: 'string', enum: [requirement] }, ...fields },
});

/** HTTP requests never meet the code of the other kinds of handler. */
const HTTP_ANSWERS = Object.entries(ANSWERS).filter(([code]) => code !== 'context_unsupported');

/** A list in Markdown. */
const codesDescription = (): string =>
  HTTP_ANSWERS.map(([code, { status, message }]) => `- \`${code}\` (${status}): ${message}`).join(
    '\n',
  );

/** Each is what the class of its name sends. They refer to later ones only. */
const SCHEMAS: Fields = {
  HankoStepUpError: {
    description: 'A new login can help: `unmet` says what it must bring.',
    allOf: [
      componentRef('HankoError'),
      {
        type: 'object',
        required: ['unmet', 'authenticatedAt'],
        properties: {
          code: { type: 'string', enum: ['step_up_required'] },
          unmet: UNMET,
          authenticatedAt: {
            type: 'string',
            format: 'date-time',
            description: 'When the user logged in.',
          },
        },
      },
    ],
  },
  HankoRequirementError: {
    description: 'No new login would help.',
    allOf: [
      componentRef('HankoError'),
      {
        type: 'object',
        required: ['unmet'],
        properties: { code: { type: 'string', enum: ['requirement_not_met'] }, unmet: UNMET },
      },
    ],
  },
  HankoUnmetRequirement: {
    description: 'What the route demands and the user lacks.',
    oneOf: Object.entries(DEMANDS).map(([name, { unmetSchema }]) => unmet(name, unmetSchema)),
  },
  HankoError: {
    type: 'object',
    description: 'Why nestjs-hanko refused a request.',
    required: ['statusCode', 'code', 'message'],
    properties: {
      statusCode: { type: 'integer' },
      code: {
        type: 'string',
        enum: HTTP_ANSWERS.map(([code]) => code),
        description: codesDescription(),
      },
      message: { type: 'string', description: 'For people; programs go by `code`.' },
    },
  },
};
