/** Something that Hanko's Flow API has and FakeHanko has not. */
export interface Omitted {
  readonly why: string;
  /** Actions that are never offered; an unconfigured Hanko offers them. */
  readonly actions: readonly string[];
}

/** Left out on purpose. The recordings hold the list of actions to it, the page of FakeHanko names all. */
export const OMITTED: Readonly<Record<string, Omitted>> = {
  SAML: { why: 'it needs an identity provider of its own', actions: [] },
  'other languages': { why: 'mails are English; the components translate themselves', actions: [] },
};
