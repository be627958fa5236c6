import type { HankoAdminMetadata, HankoMetadataChanges } from 'nestjs-hanko/admin';
import { element } from './elements';
import { type Json, mergePatch } from './merge-patch';

const KINDS = {
  publicMetadata: [
    'Public',
    'The user reads it, tokens carry what the JWT template names, such as role.',
  ],
  privateMetadata: ['Private', 'Back ends alone read it.'],
  unsafeMetadata: ['Unsafe', 'The user can change it: trust none of it.'],
} as const;

type Kind = keyof typeof KINDS;

/** Three texts of JSON. What was not changed is not sent. */
export function metadataForm(
  stored: HankoAdminMetadata,
  save: (changes: HankoMetadataChanges) => void,
) {
  const fields = (Object.keys(KINDS) as Kind[]).map((kind) => {
    const value = JSON.stringify(stored[kind], null, 2);
    const rows = Math.min(12, value.split('\n').length + 1);
    const area = element('textarea', { value, rows, spellcheck: false, id: kind });
    area.addEventListener('input', () => area.setCustomValidity(faultIn(area.value)));
    return { kind, area };
  });
  const form = element(
    'form',
    { className: 'fields' },
    ...fields.flatMap(({ kind, area }) => [
      element(
        'label',
        { htmlFor: kind },
        element('strong', {}, KINDS[kind][0]),
        ` ${KINDS[kind][1]}`,
      ),
      area,
    ]),
    element('button', {}, 'Save metadata'),
    element(
      'p',
      { className: 'hint' },
      'A role counts from the next login. So if it changes, the user’s sessions end.',
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const changes = fields.flatMap(({ kind, area }) => {
      const change = mergePatch(stored[kind], JSON.parse(area.value) as Json);
      return change ? [[kind, change]] : [];
    });
    if (changes.length > 0) save(Object.fromEntries(changes));
  });
  return form;
}

/** @returns what is wrong with it, or an empty text. */
function faultIn(text: string) {
  try {
    const json: unknown = JSON.parse(text);
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? '' : 'It must be an object: { … }';
  } catch (error) {
    return (error as Error).message;
  }
}
