// How a Web App in TypeScript uses the module: the valid code must compile, and the marked errors must not.

import { PoziError, createSession, type Session, type SessionInfo } from "@pozi/session";

declare const msal: {
  acquireTokenSilent(request: { scopes: string[]; forceRefresh: boolean }): Promise<{ accessToken: string }>;
};

const scopes = ["https://poziserver-riverbend.example/pozi/user_impersonation"];
const session: Session = createSession({
  service: "https://auth.example",
  server: "https://poziserver-riverbend.example/pozi/",
  entraToken: async ({ forceRefresh }) => (await msal.acquireTokenSilent({ scopes, forceRefresh })).accessToken,
  onRenewed: ({ expiresIn }) => console.log(expiresIn.toFixed()),
});

export async function map(signal: AbortSignal): Promise<Blob | string> {
  try {
    const response = await session.catalogue("planning", { signal }).fetch("ows/planning/");
    return await response.blob();
  } catch (error) {
    return error instanceof PoziError ? `${error.reason}: ${error.description ?? ""}` : "sign in again";
  }
}

export const answers: Promise<Response>[] = [
  session.catalogue("planning").fetch(new URL("https://poziserver-riverbend.example/pozi/"), { method: "POST", body: "" }),
  session.catalogue("planning").fetch(new Request("https://poziserver-riverbend.example/pozi/")),
];

export const info: SessionInfo | undefined = session.narrow("planning:read").info;

// @ts-expect-error: `entraToken` is missing
createSession({ service: "https://auth.example", server: "https://poziserver-riverbend.example/pozi/" });
// @ts-expect-error: the token is not part of it
info?.token;
