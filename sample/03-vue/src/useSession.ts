import { onMounted, onUnmounted, ref } from 'vue';
import { currentUser, hanko, type User } from './hanko';

/** Who is signed in (undefined: not known yet), and what to tell whoever no longer is. */
export function useSession() {
  const user = ref<User | null>();
  const notice = ref('');

  const load = async () => {
    user.value = await currentUser();
  };
  const signedOut = (text: string) => () => {
    user.value = null;
    notice.value = text;
  };
  const stops = [
    hanko.onSessionCreated(() => {
      notice.value = '';
      void load();
    }),
    hanko.onSessionExpired(signedOut('Your session has ended. Please sign in again.')),
    hanko.onUserLoggedOut(signedOut('You are signed out.')),
    hanko.onUserDeleted(signedOut('Your account is deleted.')),
  ];
  onMounted(load);
  onUnmounted(() => stops.forEach((stop) => stop()));

  return { user, notice };
}
