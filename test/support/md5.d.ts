/** keyv-dir-store is published as TypeScript, and says nothing of the types of what it uses. */
declare module 'md5';
