/** Of `sample/01-quick-start`, by what a button says. */
export const ROUTES = {
  Public: '/',
  Optional: '/greeting',
  Protected: '/me',
  'Recent login': '/account/export',
  'Second factor': '/account/billing',
};
