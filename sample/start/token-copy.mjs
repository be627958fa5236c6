/** The token of whoever signed in last, in the hands of somebody else: what is it good for? */
export class TokenCopy {
  #headers = {};

  /** @param instances addresses of the API */
  constructor(instances) {
    this.instances = instances;
  }

  /** Copies what a request has of credentials. */
  take({ headers: { authorization, cookie } }) {
    this.#headers = { ...(authorization && { authorization }), ...(cookie && { cookie }) };
  }

  /** Sends it to every instance. @returns what each answers */
  ask() {
    return Promise.all(
      this.instances.map(async (url) => {
        const response = await fetch(`${url}/me`, { headers: this.#headers });
        const { code } = await response.json();
        return { instance: new URL(url).host, status: response.status, code };
      }),
    );
  }
}
