/** As much of a browser as a login needs: it keeps cookies, follows nothing by itself, and says where it comes from. */
export class Browser {
  private readonly jar = new Map<string, string>();

  constructor(readonly url: string) {}

  get cookies(): ReadonlyMap<string, string> {
    return this.jar;
  }

  get cookieHeader(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get login(): string | undefined {
    return this.jar.get('foyer-login');
  }

  forget(name: string): void {
    this.jar.delete(name);
  }

  keep(name: string, value: string): void {
    this.jar.set(name, value);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.ask(path, { headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Page> {
    const isForm = body instanceof URLSearchParams;
    return this.ask(path, {
      method: 'POST',
      headers: {
        origin: this.url,
        'sec-fetch-site': 'same-origin',
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        ...headers,
      },
      body: isForm ? body.toString() : JSON.stringify(body),
    });
  }

  async ask(path: string, init: RequestInit): Promise<Page> {
    const headers: Record<string, string | undefined> = { ...(init.headers as Record<string, string>) };
    if (this.jar.size > 0) headers.cookie = headers.cookie ?? this.cookieHeader;
    const response = await fetch(new URL(path, this.url), {
      ...init,
      headers: headers as Record<string, string>,
      redirect: 'manual',
    });
    const set = response.headers.getSetCookie();
    for (const cookie of set) {
      const [pair] = cookie.split(';');
      const at = pair!.indexOf('=');
      const value = pair!.slice(at + 1);
      if (value === '' || /max-age=0/i.test(cookie)) this.jar.delete(pair!.slice(0, at));
      else this.jar.set(pair!.slice(0, at), value);
    }
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location'),
      text,
      set,
    };
  }
}

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly location: string | null;
  readonly text: string;
  readonly set: string[];
}
