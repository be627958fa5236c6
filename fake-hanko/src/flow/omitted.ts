/** What Hanko's Flow API has and FakeHanko has not, and why. The page of FakeHanko names the same. */
export const OMITTED: Readonly<Record<string, string>> = {
  SAML: 'it needs an identity provider of its own',
};
