// Runs a Hanko for the built app until it is killed; prints its address and one token as JSON.
import { FakeHanko } from 'fake-hanko';

const hanko = await FakeHanko.start();
const token = await hanko.token({ email: 'ada@example.test' });
console.log(JSON.stringify({ url: hanko.url, token }));
