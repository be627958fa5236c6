/** Something that Hanko's Flow API has and FakeHanko has not. */
export interface Omitted {
  readonly why: string;
  /** Actions that are never offered; an unconfigured Hanko offers them. */
  readonly actions: readonly string[];
}

/** Left out on purpose. The recordings hold the list of actions to it, the page of FakeHanko names all. */
export const OMITTED: Readonly<Record<string, Omitted>> = {
  'third parties and SAML': { why: 'they need a server of their own', actions: [] },
  'other languages': { why: 'mails are English; the components translate themselves', actions: [] },
};
