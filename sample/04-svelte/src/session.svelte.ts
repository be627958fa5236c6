import { onMount } from 'svelte';
import { currentUser, hanko, type User } from './hanko';

/** Who is signed in (undefined: not known yet), and what to tell whoever no longer is. */
export function useSession() {
  let user = $state<User | null>();
  let notice = $state('');

  const load = async () => {
    user = await currentUser();
  };
  const signedOut = (text: string) => () => {
    user = null;
    notice = text;
  };

  onMount(() => {
    const stops = [
      hanko.onSessionCreated(() => {
        notice = '';
        void load();
      }),
      hanko.onSessionExpired(signedOut('Your session has ended. Please sign in again.')),
      hanko.onUserLoggedOut(signedOut('You are signed out.')),
      hanko.onUserDeleted(signedOut('Your account is deleted.')),
    ];
    void load();
    return () => stops.forEach((stop) => stop());
  });

  return {
    get user() {
      return user;
    },
    get notice() {
      return notice;
    },
  };
}
